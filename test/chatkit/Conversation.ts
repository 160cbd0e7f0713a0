import { assert } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { CurrentUser } from "../../src/auth/CurrentUser.ts"
import { ChatKit } from "../../src/chatkit/ChatKit.ts"
import { timestamp } from "../../src/chatkit/Entities.ts"
import { type ResponseEvent, ThreadStreamEvent } from "../../src/chatkit/Events.ts"
import { Ids } from "../../src/chatkit/Ids.ts"
import { ChatKitRequest } from "../../src/chatkit/Requests.ts"
import { Responder } from "../../src/chatkit/Responder.ts"
import type { ThreadStore } from "../../src/chatkit/ThreadStore.ts"
import { SessionId, UserId } from "../../src/domain/User.ts"
import { ThreadStoreMemory } from "../Doubles.ts"

/** Ids are counted, and each look at the clock is a millisecond after the one before. */
const IdsCounted = Layer.sync(Ids, () => {
  const made = { thr: 0, msg: 0 }
  let now = Date.UTC(2025, 0, 1, 12)
  return {
    make: (prefix) => Effect.sync(() => `${prefix}_${`${++made[prefix]}`.padStart(8, "0")}`),
    now: Effect.sync(() => timestamp(++now))
  }
})

/** The service under test, on a store that the test can look into. */
export const chatKit = (
  responder: Layer.Layer<Responder, never, Ids> = Responder.layerEcho,
  store: Layer.Layer<ThreadStore> = ThreadStoreMemory
) =>
  ChatKit.layer.pipe(Layer.provide(responder), Layer.provide(IdsCounted), Layer.provideMerge(store))

export const responding = (stream: Stream.Stream<ResponseEvent, unknown, CurrentUser>) =>
  Layer.succeed(Responder, { respond: () => stream })

const as = (person: string) =>
  Effect.provideService(CurrentUser, {
    userId: UserId.make(person),
    sessionId: SessionId.make(`${person}-session`),
    email: Redacted.make(`${person}@example.com`),
    name: person,
    verification: { kind: "jwt", alg: "EdDSA" }
  })

/** A body as it comes from the wire. */
export const send = Effect.fnUntraced(function* (body: unknown, person = "ada") {
  const request = yield* Schema.decodeUnknownEffect(ChatKitRequest)(body)
  return yield* (yield* ChatKit).process(request).pipe(as(person))
})

/** The events of the answer as they go to the wire. */
export const stream = Effect.fnUntraced(function* (body: unknown, person = "ada") {
  const reply = yield* send(body, person)
  if (!Stream.isStream(reply)) return assert.fail("no stream")
  const events = yield* Stream.runCollect(reply)
  const encoded = yield* Effect.forEach(events, (event) =>
    Schema.encodeEffect(ThreadStreamEvent)(event)
  )
  return encoded.map((event) => JSON.stringify(event))
})

export const typesOf = (events: ReadonlyArray<string>) =>
  events.map((event) => (JSON.parse(event) as { readonly type: string }).type)

export const document = Effect.fnUntraced(function* (body: unknown, person = "ada") {
  const reply = yield* send(body, person)
  return Stream.isStream(reply) ? assert.fail("no document") : reply
})

export const input = (text: string, overrides: Record<string, unknown> = {}) => ({
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {},
  ...overrides
})

export const create = (text: string, overrides: Record<string, unknown> = {}) => ({
  type: "threads.create",
  params: { input: input(text, overrides) }
})

export const add = (thread_id: string, text: string) => ({
  type: "threads.add_user_message",
  params: { thread_id, input: input(text) }
})

export const list = (params: Record<string, unknown> = {}) => ({ type: "threads.list", params })
export const get = (thread_id: string) => ({ type: "threads.get_by_id", params: { thread_id } })

export const assistant = (text: string) => ({
  id: "msg_answer",
  thread_id: "thr_00000001",
  created_at: "2025-01-01T12:00:01Z",
  type: "assistant_message" as const,
  content: [{ annotations: [], text, type: "output_text" as const }]
})
