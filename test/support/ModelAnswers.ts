import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answers } from "../../src/Answers.ts"
import { ModelUsageMemory } from "../../src/responder/model/usage/ModelUsageMemory.ts"
import type { Responder } from "../../src/responder/Responder.ts"
import type { SettingsShape } from "../../src/settings/Settings.ts"
import { ask, eventsOf } from "./Client.ts"
import { ServerOnDoubles, tokenFor } from "./http/ServerOnDoubles.ts"
import { modelServer, type Script } from "./ModelServer.ts"
import { settingsOf } from "./Server.ts"

type Event = Record<string, unknown>

/** This server, answering from a loopback model that does these things. */
export const answeringFrom = (env: Record<string, string>, ...scripts: ReadonlyArray<Script>) =>
  answeringWith(env, withoutDatabase, ...scripts)

/** A model asks no database. */
const withoutDatabase = (settings: SettingsShape) =>
  answers(settings).pipe(
    Layer.provide(Layer.succeed(SqlClient.SqlClient, {} as SqlClient.SqlClient)),
    Layer.provide(ModelUsageMemory),
    Layer.orDie
  )

/** The same with a responder of the test's own. */
export const answeringWith = Effect.fnUntraced(function* (
  env: Record<string, string>,
  responderOf: (settings: SettingsShape) => Layer.Layer<Responder>,
  ...scripts: ReadonlyArray<Script>
) {
  const model = yield* modelServer(...scripts)
  const settings = settingsOf({
    MODEL: "the-model",
    MODEL_URL: model.url,
    MODEL_API_KEY: "sk-not-for-the-log",
    TITLE_MODEL: "off",
    ...env
  })
  const context = yield* Layer.build(ServerOnDoubles.layer({ responder: responderOf(settings) }))
  const { logs, url } = yield* Effect.provide(ServerOnDoubles, context)
  const send = Effect.fnUntraced(function* (body: unknown, person = "ada") {
    return eventsOf(yield* ask(url, yield* tokenFor(person), body)) as ReadonlyArray<Event>
  })
  /** The items of a thread as a client reads them. */
  const items = Effect.fnUntraced(function* (thread_id: string, person = "ada") {
    const body = { type: "items.list", params: { thread_id, order: "asc" } }
    const answer = yield* ask(url, yield* tokenFor(person), body)
    return (JSON.parse(answer.body) as { readonly data: ReadonlyArray<Event> }).data
  })
  return { calls: model.calls, items, logs, send, url }
})

/** A line for each event after the first three: what a person sees of it. */
export const seen = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events.flatMap((event) => {
    const { type } = event
    const item = event["item"] as Event | undefined
    const update = event["update"] as Event | undefined
    if (type === "thread.item.done" && item?.["type"] === "user_message") return []
    if (type === "thread.created" || type === "stream_options") return []
    if (type === "error")
      return [`error ${event["message"] ?? event["code"]} ${event["allow_retry"]}`]
    if (type === "thread.updated") return [`title ${(event["thread"] as Event)["title"]}`]
    if (item !== undefined)
      return [`${String(type).slice("thread.".length)} ${item["type"]} ${gist(item)}`.trim()]
    if (update !== undefined) return [`${String(update["type"])} ${gist(update)}`.trim()]
    return [String(type)]
  })

const gist = (value: Event): string => {
  const content = value["content"] as ReadonlyArray<Event> | Event | undefined
  if (Array.isArray(content)) return content.map((part: Event) => part["text"]).join("|")
  if (typeof value["delta"] === "string") return value["delta"]
  const task = value["task"] as Event | undefined
  if (task !== undefined) return `${value["task_index"]} ${task["content"]}`
  const workflow = value["workflow"] as Event | undefined
  if (workflow !== undefined) {
    const tasks = workflow["tasks"] as ReadonlyArray<Event>
    return `${tasks.length} ${JSON.stringify(workflow["summary"] ?? null)}`
  }
  if (value["type"] === "client_tool_call") {
    return `${value["status"]} ${value["name"]} ${JSON.stringify(value["arguments"])}`
  }
  return ""
}

/** The thread that the first event is about. */
export const idOf = (events: ReadonlyArray<Event>): string =>
  String((events[0]?.["thread"] as { readonly id: string } | undefined)?.id)
