import { assert } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema, type Scope, Stream } from "effect"
import { ByteSize } from "effect"
import { CurrentUser } from "../../src/auth/CurrentUser.ts"
import { AttachmentLinks, type LinkMaker } from "../../src/attachments/AttachmentLinks.ts"
import { Attachments } from "../../src/attachments/Attachments.ts"
import { LinkInvalid } from "../../src/attachments/Errors.ts"
import { ChatKit } from "../../src/chatkit/ChatKit.ts"
import { type IdKind, Ids, prefixes, timestamp } from "../../src/core/Ids.ts"
import { Playground } from "../../src/responder/playground/Playground.ts"
import { ChatKitRequest } from "../../src/protocol/Requests.ts"
import type * as Answer from "../../src/responder/Answer.ts"
import { Responder, type ResponderShape } from "../../src/responder/Responder.ts"
import { eventJson } from "../../src/protocol/EventJson.ts"
import { toStream } from "../../src/turns/TurnEvents.ts"
import { TurnLeases } from "../../src/turns/TurnLeases.ts"
import { RunningTurn, TurnRunner } from "../../src/turns/TurnRunner.ts"
import { SessionId, UserId } from "../../src/core/User.ts"
import { StoresMemory } from "./StoresMemory.ts"
import type { Stores } from "./ThreadFixtures.ts"

/** Ids are counted, and each look at the clock is a millisecond after the one before. */
const IdsCounted = Layer.sync(Ids, () => {
  const made = new Map<IdKind, number>()
  let now = Date.UTC(2025, 0, 1, 12)
  return {
    make: (kind) =>
      Effect.sync(() => {
        const count = (made.get(kind) ?? 0) + 1
        made.set(kind, count)
        return `${prefixes[kind]}_${count.toString(16).padStart(8, "0")}`
      }),
    now: Effect.sync(() => timestamp(++now))
  }
})

/** Links anybody could make, to be recognised in answers. */
export const LinksPlain = Layer.succeed(AttachmentLinks, {
  maker: Effect.succeed<LinkMaker>({
    toAttachment: (_, { id, mime_type, name, thread_id, uploaded }) => {
      const url = `https://uploads.example.test/${id}`
      const common = {
        id,
        name,
        mime_type,
        ...(uploaded
          ? {}
          : { upload_descriptor: { url, method: "PUT" as const, headers: { "X-Upload": id } } }),
        ...(thread_id === undefined ? {} : { thread_id })
      }
      return mime_type.startsWith("image/")
        ? { ...common, type: "image", preview_url: `${url}/preview` }
        : { ...common, type: "file" }
    },
    refresh: (_, attachment) =>
      attachment.type === "image"
        ? { ...attachment, preview_url: `https://uploads.example.test/${attachment.id}/preview` }
        : attachment
  }),
  verify: () => Effect.fail(new LinkInvalid())
})

/** `Attachments` of two types on the given stores, with plain links. */
export const AttachmentsPlain = Attachments.layer({
  limit: ByteSize.mebibytes(20),
  bytesPerUser: ByteSize.gibibytes(1),
  types: new Set(["image/png", "text/plain"])
}).pipe(Layer.provide(LinksPlain))

/** The service under test, on a store that the test can look into. */
export const chatKit = (
  responder: Layer.Layer<Responder> = Playground,
  stores: Layer.Layer<Stores> = StoresMemory,
  streamsPerUser = 8
) =>
  ChatKit.layer.pipe(
    Layer.provide(TurnRunner.layer({ streamsPerUser })),
    Layer.provide([TurnLeases.layer, AttachmentsPlain]),
    Layer.provide([responder, IdsCounted]),
    Layer.provideMerge(stores)
  )

export const responding = (
  respond: ResponderShape["respond"],
  more: Partial<ResponderShape> = {}
) => Layer.succeed(Responder, Responder.make({ respond, ...more }))

export const saying = (answer: Answer.Answer) => responding(() => answer)

/** Does what this person asks for. */
export const as = (person: string) =>
  Effect.provideService(CurrentUser, {
    userId: UserId.make(person),
    sessionId: SessionId.make(`${person}-session`),
    email: Redacted.make(`${person}@example.com`),
    name: person,
    verification: { kind: "jwt", alg: "EdDSA" }
  })

/** A body as it comes from the wire. A turn has started, and is open until the scope ends. */
export const send = Effect.fnUntraced(function* (body: unknown, person = "ada") {
  const request = yield* Schema.decodeUnknownEffect(ChatKitRequest)(body)
  const reply = yield* (yield* ChatKit).process(request).pipe(as(person))
  if (reply instanceof RunningTurn) yield* reply.started
  return reply
})

/** The events of an answer that is heard to its end, as they go to the wire. */
export const stream = (body: unknown, person = "ada") =>
  Effect.gen(function* () {
    const reply = yield* send(body, person)
    if (!(reply instanceof RunningTurn)) return assert.fail("no stream")
    return (yield* Stream.runCollect(toStream(reply.events))).map(eventJson)
  }).pipe(Effect.scoped)

/** The events until there were so many, and then the client hangs up. */
export const streamUntil = (count: number, body: unknown, person = "ada") =>
  Effect.gen(function* () {
    const reply = yield* send(body, person)
    if (!(reply instanceof RunningTurn)) return assert.fail("no stream")
    return (yield* Stream.runCollect(Stream.take(toStream(reply.events), count))).map(eventJson)
  }).pipe(Effect.scoped)

export const typesOf = (events: ReadonlyArray<string>) =>
  events.map((event) => (JSON.parse(event) as { readonly type: string }).type)

export const document = (body: unknown, person = "ada") =>
  Effect.gen(function* () {
    const reply = yield* send(body, person)
    return reply instanceof RunningTurn ? assert.fail("no document") : reply
  }).pipe(Effect.scoped)

/** How a request fails, or nothing. */
export const refusal = (body: unknown, person = "ada") =>
  Effect.flip(Effect.scoped(send(body, person)))

export const input = (text: string, overrides: Record<string, unknown> = {}) => ({
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {},
  ...overrides
})

export const operation = (type: string, params: Record<string, unknown>) => ({ type, params })

export const create = (text: string, overrides: Record<string, unknown> = {}) =>
  operation("threads.create", { input: input(text, overrides) })

export const add = (thread_id: string, text: string, overrides: Record<string, unknown> = {}) =>
  operation("threads.add_user_message", { thread_id, input: input(text, overrides) })

export const list = (params: Record<string, unknown> = {}) => operation("threads.list", params)
export const get = (thread_id: string) => operation("threads.get_by_id", { thread_id })
export const items = (thread_id: string, params: Record<string, unknown> = {}) =>
  operation("items.list", { thread_id, ...params })

export type Services = ChatKit | Stores | Scope.Scope
