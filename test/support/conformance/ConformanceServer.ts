import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { CurrentUser } from "../../../src/auth/CurrentUser.ts"
import { Responder, type ResponderShape } from "../../../src/responder/Responder.ts"
import { AttachmentStore } from "../../../src/attachments/AttachmentStore.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { UserId } from "../../../src/core/User.ts"
import { betterAuthTables, jwksRow } from "../BetterAuthSchema.ts"
import { operation } from "../ChatKitService.ts"
import { all } from "../ThreadFixtures.ts"
import { SharedDatabase, unique } from "../postgres/SharedDatabase.ts"
import { StorePg } from "../postgres/ThreadStores.ts"
import { TestDatabase } from "../Database.ts"
import { type Answer, ask, askUntil } from "../Client.ts"
import { forgiving, start } from "../Server.ts"
import { makeKey, pluginClaims, sign } from "../Tokens.ts"
import { makeNames } from "./IdNames.ts"

/**
 * Somebody nobody else is, with a token of their own. Ids are named by kind and number in the order
 * in which they appeared, in what is sent and in what is received; see `Names.ts`.
 */
export interface Client {
  readonly userId: UserId
  readonly store: ThreadStore["Service"]
  readonly attachments: AttachmentStore["Service"]
  readonly ask: (body: unknown) => Effect.Effect<Answer>
  /** The bytes of an answer that streams. */
  readonly stream: (body: unknown) => Effect.Effect<string>
  /** The bytes of a stream up to the event with this text, where the client hangs up. */
  readonly leave: (body: unknown, text: string) => Effect.Effect<string>
  /** The bytes of an answer that does not stream. */
  readonly document: (body: unknown) => Effect.Effect<string>
  /** The status of a refused request, and the error in its body. */
  readonly refusal: (body: unknown) => Effect.Effect<readonly [status: number, error: unknown]>
  /** The items of a thread that is opened again. */
  readonly reload: (thread: string) => Effect.Effect<unknown>
  /** Everything that is kept of a thread's items, hidden ones included, the oldest first. */
  readonly stored: (thread: string) => Effect.Effect<ReadonlyArray<unknown>>
  readonly storedThread: (thread: string) => Effect.Effect<unknown>
  /** Comes back when no turn runs in the thread any more. */
  readonly settled: (thread: string) => Effect.Effect<void>
  /** The same with ids by their names. */
  readonly named: (json: unknown) => unknown
  readonly unnamed: <A>(json: A) => A
}

/** One server for a file of tests, on a database with Better Auth's tables. */
export class ConformanceServer extends Context.Service<
  ConformanceServer,
  {
    /** Somebody new, and what answers from now on: the tests of a file run one after the other. */
    readonly newClient: (responder?: Partial<ResponderShape>) => Effect.Effect<Client>
  }
>()("test/conformance/ConformanceServer") {
  /** With the responder that the test at hand brings. */
  static readonly scripted = Layer.suspend(() => layerOf(scripted()))
  /** With the product's own. */
  static readonly playground = Layer.suspend(() => layerOf(undefined))
}

export const newClient = (responder?: Partial<ResponderShape>) =>
  Effect.flatMap(ConformanceServer, (server) => server.newClient(responder))

const wait = "test.wait"

const scripted = () => {
  let current = Responder.make({ respond: () => Stream.empty })
  const layer = Layer.succeed(Responder, {
    respond: (turn) => current.respond(turn),
    action: (turn) => (turn.action.type === wait ? Stream.empty : current.action(turn)),
    syncAction: (action) => current.syncAction(action),
    addFeedback: (feedback) => current.addFeedback(feedback),
    transcribe: (dictation) => current.transcribe(dictation),
    streamOptions: (thread) => current.streamOptions(thread)
  })
  return {
    layer,
    use: (own: Partial<ResponderShape>) => {
      current = Responder.make({ respond: () => Stream.empty, ...own })
    }
  }
}

const layerOf = (script: ReturnType<typeof scripted> | undefined) =>
  Layer.effect(
    ConformanceServer,
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const store = yield* ThreadStore
      const attachments = yield* AttachmentStore
      const key = yield* Effect.promise(() => makeKey())
      yield* exec(betterAuthTables + jwksRow(key.kid, key.publicJwk))
      const database = Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient)
      const { url } = yield* start(database, {}, forgiving, script?.layer)
      return {
        newClient: Effect.fnUntraced(function* (responder = {}) {
          script?.use(responder)
          const userId = UserId.make(unique("user"))
          yield* exec(`
            insert into "user" ("id", "name", "email", "emailVerified")
            values ('${userId}', 'Somebody', '${userId}@example.com', true);
            insert into "session" ("id", "userId", "token", "expiresAt")
            values ('${userId}', '${userId}', '${userId}', now() + interval '1 day')`)
          const token = yield* Effect.promise(() => sign(key, pluginClaims(userId)))
          return clientOf({ url, token, userId, store, attachments })
        })
      }
    })
  ).pipe(Layer.provide(StorePg), Layer.provide(SharedDatabase))

const eventStream = "text/event-stream; charset=utf-8"

const clientOf = (options: {
  readonly url: string
  readonly token: string
  readonly userId: UserId
  readonly store: ThreadStore["Service"]
  readonly attachments: AttachmentStore["Service"]
}): Client => {
  const { attachments, store, token, url, userId } = options
  const names = makeNames(url)

  const send = (body: unknown) => ask(url, token, names.unnamed(body))

  const answered = Effect.fnUntraced(function* (body: unknown, type: string) {
    const answer = yield* send(body)
    assert.deepStrictEqual(
      [answer.status, answer.headers["content-type"]],
      [200, type],
      answer.body
    )
    return names.inText(answer.body)
  })

  const stream = (body: unknown) => answered(body, eventStream)
  const document = (body: unknown) => answered(body, "application/json")

  return {
    userId,
    store,
    attachments,
    ask: send,
    stream,
    leave: (body, text) =>
      Effect.map(askUntil(url, token, names.unnamed(body), text), ({ body }) => {
        assert.include(body, text, "the stream ended")
        return names.inText(body)
      }),
    document,
    refusal: (body) =>
      Effect.map(send(body), ({ body, status }) => [status, JSON.parse(body)] as const),
    reload: (thread) =>
      Effect.map(
        document(operation("threads.get_by_id", { thread_id: thread })),
        (body) => (JSON.parse(body) as { readonly items: unknown }).items
      ),
    stored: (thread) =>
      Effect.map(
        Effect.orDie(store.loadThreadItems(userId, names.unnamed(thread), all)),
        ({ data }) => names.named(data) as ReadonlyArray<unknown>
      ),
    storedThread: (thread) =>
      Effect.map(Effect.orDie(store.loadThread(userId, names.unnamed(thread))), names.named),
    settled: (thread_id) =>
      Effect.asVoid(
        stream(operation("threads.custom_action", { thread_id, action: { type: wait } }))
      ),
    named: names.named,
    unnamed: names.unnamed
  }
}

/** The user whose request the responder answers. */
export const currentUserId = Effect.map(CurrentUser, ({ userId }) => userId)
