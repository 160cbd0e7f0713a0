import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { createChatKit } from "effect-chatkit"
import * as Answer from "../../src/responder/Answer.ts"
import { responding, saying } from "../support/ChatKitService.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { origin } from "../support/Tokens.ts"

const request = (token: string, body: unknown, init: RequestInit = {}) =>
  new Request("https://app.example.com/support/chatkit", {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init
  })

/** A host that has Better Auth's handler beside this one. */
const host =
  (chatkit: (request: Request) => Promise<Response>) =>
  (request: Request): Promise<Response> =>
    new URL(request.url).pathname.startsWith("/api/auth")
      ? Promise.resolve(Response.json({ from: "Better Auth" }))
      : chatkit(request)

describe("the server as a function of a request", () => {
  it.live.skipIf(!onRealServer)(
    "answers beside Better Auth's, and refuses as the server does",
    () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const chatkit = createChatKit({
          env: { DATABASE_URL: database.url!, BETTER_AUTH_ISSUER: origin, LOG_LEVEL: "error" },
          responder: responding((turn) => Answer.say(turn, "Hello from the handler"))
        })
        const handle = host(chatkit.handler)
        const send = (request: Request) =>
          Effect.promise(async () => {
            const response = await handle(request)
            return { response, text: await response.text() }
          })
        const auth = yield* send(new Request("https://app.example.com/api/auth/session"))
        assert.include(auth.text, "Better Auth")
        const hello = yield* send(request(token, { message: "Hello" }))
        assert.strictEqual(hello.response.status, 200)
        assert.include(hello.text, "Hello from the handler")
        assert.isString(hello.response.headers.get("x-request-id"))
        const none = yield* send(request("nothing", { message: "Hello" }))
        assert.deepStrictEqual(
          [none.response.status, none.text],
          [401, `{"error":"Invalid or expired JWT token","status":401}`]
        )
        const large = yield* send(request(token, { message: "x".repeat(2_000_000) }))
        assert.strictEqual(large.response.status, 413)
        const wrong = yield* send(request(token, { type: "threads.get_by_id", params: {} }))
        assert.include(wrong.text, "params.thread_id is missing")
        yield* Effect.promise(chatkit.dispose)
        assert.strictEqual((yield* send(request(token, { message: "Hello" }))).response.status, 503)
      }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )

  it.live.skipIf(!onRealServer)("stops the answer when the request is aborted", () =>
    Effect.gen(function* () {
      const { database, token } = yield* freshDatabase
      let stopped = () => {}
      const end = new Promise<void>((resolve) => (stopped = resolve))
      const chatkit = createChatKit({
        env: { DATABASE_URL: database.url!, BETTER_AUTH_ISSUER: origin, LOG_LEVEL: "error" },
        responder: saying(
          Stream.concat(
            Stream.succeed({ type: "progress_update" as const, text: "working" }),
            Stream.never
          ).pipe(Stream.ensuring(Effect.sync(() => stopped())))
        )
      })
      const controller = new AbortController()
      yield* Effect.promise(async () => {
        const { signal } = controller
        const response = await chatkit.handler(request(token, { message: "Hello" }, { signal }))
        const reader = response.body!.getReader()
        let text = ""
        while (!text.includes("working"))
          text += new TextDecoder().decode((await reader.read()).value)
        controller.abort()
        await reader.cancel().catch(() => undefined)
        await end
        await chatkit.dispose()
      })
    }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )

  it.live("rejects with what is wrong with its options", () =>
    Effect.gen(function* () {
      const bad = createChatKit({ env: { PORT: "http" } })
      const sentence = yield* Effect.promise(() =>
        bad.handler(request("x", {})).then(
          () => "answered",
          (error: Error) => error.message
        )
      )
      assert.match(sentence, /PORT: [\s\S]*DATABASE_URL: /)
    })
  )
})
