import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { betterAuthTables, jwksRow, people } from "./BetterAuthSchema.ts"
import { ask, eventsOf } from "./Client.ts"
import { TestDatabase } from "./Database.ts"
import { modelServer, type Script } from "./ModelServer.ts"
import { start } from "./Server.ts"
import { makeKey, pluginClaims, sign } from "./Tokens.ts"

type Event = Record<string, unknown>

const module = join(import.meta.dirname, "../../examples/customer-support.ts")

/** The concierge on the real server, a real database, and a model that does these things. */
export const concierge = Effect.fnUntraced(function* (
  env: Record<string, string>,
  ...scripts: ReadonlyArray<Script>
) {
  const context = yield* Layer.build(Layer.fresh(TestDatabase.layer))
  const database = Context.get(context, TestDatabase)
  const key = yield* Effect.promise(() => makeKey())
  yield* database.exec(betterAuthTables + people + jwksRow(key.kid, key.publicJwk))
  const model = yield* modelServer(...scripts)
  const tokenFor = (person: string) => Effect.promise(() => sign(key, pluginClaims(person)))
  /** A server on this database, and what a page does there. */
  const server = Effect.gen(function* () {
    const { logs, url } = yield* start(database.client, {
      RESPONDER: module,
      MODEL: "the-model",
      MODEL_URL: model.url,
      TITLE_MODEL: "off",
      ...env
    })
    const post = Effect.fnUntraced(function* (body: unknown, person = "ada") {
      return yield* ask(url, yield* tokenFor(person), body)
    })
    const send = (body: unknown, person?: string) =>
      Effect.map(post(body, person), (answer) => eventsOf(answer) as ReadonlyArray<Event>)
    const json = (body: unknown, person?: string) =>
      Effect.map(post(body, person), ({ body }) => JSON.parse(body) as Event)
    const items = (thread_id: string, person?: string) =>
      Effect.map(
        json({ type: "items.list", params: { thread_id, order: "asc" } }, person),
        ({ data }) => data as ReadonlyArray<Event>
      )
    const click = (thread_id: string, item_id: unknown, action: unknown, person?: string) =>
      send({ type: "threads.custom_action", params: { thread_id, item_id, action } }, person)
    return { click, items, json, logs, send, url }
  })
  return { ...(yield* server), calls: model.calls, database, server, tokenFor }
})

/** The profile that the side panel was sent last. */
export const panelOf = (events: ReadonlyArray<Event>) => {
  const effect = events.findLast(({ type }) => type === "client_effect")
  return (effect?.["data"] as { readonly profile: Event } | undefined)?.profile
}

/** The first widget among the events. */
export const widgetOf = (events: ReadonlyArray<Event>) =>
  events.map(({ item }) => item as Event | undefined).find((item) => item?.["type"] === "widget")
