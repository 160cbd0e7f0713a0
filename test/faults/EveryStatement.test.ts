import { assert, describe, layer } from "@effect/vitest"
import { Effect, Redacted, type Scope } from "effect"
import type { Attachment } from "../../src/protocol/Attachments.ts"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { type Answer, ask, type BytesAnswer, eventsOf, sendBytes } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { assertOk, freshDatabase, throughPort } from "../support/faults/ServerBehindProxy.ts"
import * as Proxy from "../support/faults/Proxy.ts"
import { formOf, png } from "../support/http/UploadForms.ts"
import { threadOf } from "../support/StreamClient.ts"

/** Short, because a third of the faults is silence. */
const patience = { statement: 250, request: 500, admission: 250 }

const behind = Effect.gen(function* () {
  const { database, token } = yield* freshDatabase
  const target = new URL(database.url!)
  const proxy = yield* Proxy.make({ host: target.hostname, port: Number(target.port || 5432) })
  const pool = (url: string) => Database.layer({ url: Redacted.make(url), poolSize: 3 })
  const { logs, url } = yield* start(pool(throughPort(target.href, proxy.port)), {}, patience)
  // The way around the faults, for what a test needs before.
  const { url: around } = yield* start(pool(target.href))
  yield* assertOk(ask(around, token))
  yield* assertOk(ask(url, token))
  return { around, logs, proxy, token, url }
})

type Ids = { readonly thread_id: string; readonly item_id: string }

/** Every operation that asks the database, in a thread with all that it needs. */
const operations: Readonly<Record<string, (ids: Ids) => unknown>> = {
  "threads.create": () => ({ message: "/say Hi\n/title A name" }),
  "threads.add_user_message": ({ thread_id }) => ({ message: "/say Hi", thread_id }),
  "threads.add_client_tool_output": ({ thread_id }) => ({
    type: "threads.add_client_tool_output",
    params: { thread_id, result: 1 }
  }),
  "threads.retry_after_item": (params) => ({ type: "threads.retry_after_item", params }),
  "threads.custom_action": ({ thread_id }) => ({
    type: "threads.custom_action",
    params: { thread_id, action: { type: "x" } }
  }),
  "threads.get_by_id": ({ thread_id }) => ({ type: "threads.get_by_id", params: { thread_id } }),
  "threads.list": () => ({ type: "threads.list", params: {} }),
  "items.list": ({ thread_id }) => ({ type: "items.list", params: { thread_id } }),
  "items.feedback": ({ item_id, thread_id }) => ({
    type: "items.feedback",
    params: { thread_id, item_ids: [item_id], kind: "positive" }
  }),
  "attachments.create": () => ({
    type: "attachments.create",
    params: { name: "a.txt", mime_type: "text/plain", size: 3 }
  }),
  "threads.update": ({ thread_id }) => ({
    type: "threads.update",
    params: { thread_id, title: "Another name" }
  }),
  "threads.delete": ({ thread_id }) => ({ type: "threads.delete", params: { thread_id } })
}

/** An outage is 503, or one error event; a 500 is neither. */
const assertAnswered = (what: string, { body, status }: Answer) => {
  assert.include([200, 503], status, `${what}: ${body}`)
  assert.notInclude(body, "Internal server error", what)
}

type Behind = Effect.Success<typeof behind>

/** The same at another server of the same database. */
const at = (url: string, link: string) => {
  const { pathname, search } = new URL(link)
  return new URL(pathname + search, url)
}

/** Ada's attachment, waiting for its bytes. */
const announced = ({ around, token }: Behind) =>
  Effect.map(
    assertOk(
      ask(around, token, {
        type: "attachments.create",
        params: { name: "a.png", mime_type: "image/png", size: png.length }
      })
    ),
    ({ body }) => JSON.parse(body) as Attachment
  )

const textOf = ({ body, ...rest }: BytesAnswer): Answer => ({ ...rest, body: body.toString() })

/** Requests for the bytes of attachments, each with what it needs before. */
const transfers: Readonly<
  Record<string, (server: Behind) => Effect.Effect<Effect.Effect<Answer>, never, Scope.Scope>>
> = {
  "upload by PUT": Effect.fnUntraced(function* (server) {
    const { upload_descriptor } = yield* announced(server)
    const url = at(server.url, upload_descriptor!.url)
    return Effect.map(sendBytes(url, { method: "PUT", body: png }), textOf)
  }),
  "upload by form": Effect.fnUntraced(function* (server) {
    const { upload_descriptor } = yield* announced(server)
    const url = at(server.url, upload_descriptor!.url)
    return Effect.map(sendBytes(url, { method: "POST", ...form }), textOf)
  }),
  "direct upload": ({ token, url }) =>
    Effect.succeed(
      Effect.map(
        sendBytes(new URL("/support/attachments", url), {
          method: "POST",
          body: form.body,
          headers: { ...form.headers, authorization: `Bearer ${token}` }
        }),
        textOf
      )
    ),
  "attachments.delete": Effect.fnUntraced(function* (server) {
    const { id } = yield* announced(server)
    const request = { type: "attachments.delete", params: { attachment_id: id } }
    return ask(server.url, server.token, request)
  }),
  content: Effect.fnUntraced(function* (server) {
    const { upload_descriptor, ...image } = yield* announced(server)
    assert(image.type === "image")
    const stored = sendBytes(upload_descriptor!.url, { method: "PUT", body: png })
    yield* assertOk(Effect.map(stored, textOf))
    return Effect.map(sendBytes(at(server.url, image.preview_url), { method: "GET" }), textOf).pipe(
      // Bytes that have begun to come break off.
      Effect.catchDefect(() => Effect.succeed({ status: 200, headers: {}, body: "" }))
    )
  })
}

const form = formOf([{ field: "file", filename: "a.png", type: "image/png", content: png }])

/** Plays the fault at each statement of what is asked, one after the other, and asks for more after. */
const atEachStatement = Effect.fnUntraced(function* (
  { proxy, token, url }: Behind,
  fault: Proxy.Fault,
  name: string,
  prepared: Effect.Effect<Effect.Effect<Answer>, never, Scope.Scope>
) {
  let all = Infinity
  for (let number = 1; number <= all; number++) {
    const asked = yield* prepared
    yield* proxy.faultAt(number, fault)
    const what = `${name}, statement ${number}`
    assertAnswered(what, yield* asked)
    if (proxy.statements() < number) all = number
    yield* proxy.faultAt(0, fault)
    assertAnswered(`after ${what}`, yield* ask(url, token))
  }
  assert.isAbove(all, 1, name)
})

const assertNoDefect = (logs: ReadonlyArray<string>) =>
  assert.deepStrictEqual(
    logs.filter((line) => /defect|refused a statement|not kept/.test(line)),
    []
  )

describe.skipIf(!onRealServer)("a connection that ends at any statement", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    for (const fault of ["reset", "close", "silence"] as const) {
      it.effect(
        `G1: is an outage and never a defect, in every operation: ${fault}`,
        () =>
          Effect.gen(function* () {
            const server = yield* behind
            const { around, token, url } = server
            for (const [name, operation] of Object.entries(operations)) {
              const prepared = Effect.gen(function* () {
                const begun = eventsOf(
                  yield* assertOk(ask(around, token, { message: "/say Hi\n/tool t|{}" }))
                )
                const item = begun[1]?.["item"] as { readonly id: string }
                return ask(url, token, operation({ thread_id: threadOf(begun), item_id: item.id }))
              })
              yield* atEachStatement(server, fault, name, prepared)
            }
            assertNoDefect(server.logs)
          }),
        120_000
      )

      // A silent connection keeps its transaction, and with it the lock of its user, until PostgreSQL
      // finds out.
      it.effect.skipIf(fault === "silence")(
        `G1: is an outage and never a defect, where attachments are uploaded and read: ${fault}`,
        () =>
          Effect.gen(function* () {
            const server = yield* behind
            for (const [name, transfer] of Object.entries(transfers)) {
              yield* atEachStatement(server, fault, name, transfer(server))
            }
            assertNoDefect(server.logs)
          }),
        120_000
      )
    }
  })
})
