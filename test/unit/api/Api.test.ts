import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Api } from "../../../src/api/Api.ts"
import type { ThreadStreamEvent } from "../../../src/protocol/Events.ts"
import type { ChatKitRequest } from "../../../src/protocol/Requests.ts"
import { IdentitiesDown, KeysDown } from "../../support/Doubles.ts"
import { get, request } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

/** The client that anybody could derive from the contract. */
const clientWith = Effect.fnUntraced(function* (token: string | undefined) {
  const { url } = yield* ServerOnDoubles
  return yield* HttpApiClient.make(Api, {
    baseUrl: url,
    transformClient: (client) =>
      token === undefined
        ? client
        : HttpClient.mapRequest(client, HttpClientRequest.bearerToken(token))
  })
}, Effect.provide(FetchHttpClient.layer))

const list: ChatKitRequest = {
  type: "threads.list",
  params: { limit: null, order: "desc", after: null },
  metadata: {}
}

/** How the derived client fails for this person. */
const failureOf = Effect.fnUntraced(function* (
  token: string | undefined,
  payload: ChatKitRequest = list
) {
  const client = yield* clientWith(token)
  return yield* Effect.flip(client.support.chatkit({ payload }))
})

interface Described {
  readonly content?: Record<string, { readonly schema: Record<string, unknown> }>
  readonly headers?: Record<string, unknown>
}

layer(ServerOnDoubles.layer({ env: { DOCS: "on" } }), { excludeTestServices: true })(
  "contract",
  (it) => {
    it.effect("names every status of ChatKit's route with its sentence", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const answer = yield* get(url, "/openapi.json")
        assert.match(String(answer.headers["content-type"]), /^application\/json/)
        const document = JSON.parse(answer.body)
        const post = document.paths["/support/chatkit"].post
        const responses: Record<string, Described> = post.responses
        assert.deepStrictEqual(Object.keys(responses), [
          "200",
          "400",
          "401",
          "404",
          "409",
          "413",
          "415",
          "429",
          "500",
          "502",
          "503"
        ])
        assert.deepStrictEqual(Object.keys(responses["200"]?.content ?? {}), [
          "application/json",
          "text/event-stream"
        ])
        const resolved = JSON.stringify(responses).replace(
          /\{"\$ref":"#\/components\/schemas\/([^"]+)"\}/g,
          (_, name: string) => JSON.stringify(document.components.schemas[name])
        )
        for (const sentence of [
          "Invalid or expired JWT token",
          "User not found with provided email",
          "No active sessions found for user",
          "Service temporarily unavailable",
          "Thread not found",
          "Internal server error",
          "Unsupported content type"
        ]) {
          assert.include(resolved, sentence)
        }
        assert.deepStrictEqual(post.security, [{ bearer: [] }])
        assert.strictEqual(
          document.components.securitySchemes.bearer.scheme.toLowerCase(),
          "bearer"
        )
        assert.containsAllKeys(document.paths, ["/support/health", "/healthz", "/readyz"])
      })
    )

    it.effect("declares the headers that belong to a status", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const document = JSON.parse((yield* get(url, "/openapi.json")).body)
        const { responses } = document.paths["/support/chatkit"].post
        const named = (status: string) =>
          Object.keys(responses[status].headers ?? {}).map((name) => name.toLowerCase())
        assert.include(named("401"), "www-authenticate")
        assert.include(named("503"), "retry-after")
        assert.strictEqual(
          Object.keys(document.paths["/readyz"].get.responses["503"].headers)[0],
          "retry-after"
        )
      })
    )

    it.effect("gives a derived client the tagged errors back", () =>
      Effect.gen(function* () {
        const ada = yield* tokenFor("ada")
        const absent = yield* failureOf(undefined)
        assert.strictEqual(absent._tag, "InvalidToken")
        const expired = yield* failureOf(yield* tokenFor("ada", { exp: 1 }))
        assert.strictEqual(expired._tag, "InvalidToken")
        const ghost = yield* failureOf(yield* tokenFor("ghost"))
        assert.strictEqual(ghost._tag, "UserNotFound")
        const asleep = yield* failureOf(yield* tokenFor("asleep"))
        assert.strictEqual(asleep._tag, "NoActiveSession")
        const unknown = yield* failureOf(ada, {
          type: "threads.get_by_id",
          params: { thread_id: "thr_x" },
          metadata: {}
        })
        assert.deepInclude(unknown, { _tag: "NotFound", object: "Thread" })
      })
    )

    it.effect("tells a derived client that its body was too large", () =>
      Effect.gen(function* () {
        const large = { message: "x".repeat(1_100_000) }
        const failure = yield* failureOf(yield* tokenFor("ada"), large)
        assert.deepInclude(failure, { _tag: "BodyTooLarge", sent: "message", atMost: "1 MiB" })
      })
    )

    it.effect(
      "tells a derived client which field was wrong, or that the type of its body was",
      () =>
        Effect.gen(function* () {
          const { url } = yield* ServerOnDoubles
          const token = yield* tokenFor("ada")
          const failureWith = Effect.fnUntraced(function* (body: string, type: string) {
            const client = yield* HttpApiClient.make(Api, {
              baseUrl: url,
              transformClient: HttpClient.mapRequest((request) =>
                request.pipe(
                  HttpClientRequest.bearerToken(token),
                  HttpClientRequest.bodyText(body, type)
                )
              )
            })
            return yield* Effect.flip(client.support.chatkit({ payload: list }))
          }, Effect.provide(FetchHttpClient.layer))
          const problem = "Invalid request: message must be a string"
          const invalid = yield* failureWith(`{"message":5}`, "application/json")
          assert.deepInclude(invalid, { _tag: "InvalidRequest", problem })
          const refused = yield* failureWith("<x/>", "text/xml")
          assert.deepInclude(refused, { _tag: "Refused", status: 415 })
        })
    )

    it.effect("lets a derived client read documents and streams", () =>
      Effect.gen(function* () {
        const client = yield* clientWith(yield* tokenFor("grace"))
        const reply = yield* client.support.chatkit({ payload: { message: "Hello" } })
        assert.isTrue(Stream.isStream(reply))
        if (!Stream.isStream(reply)) return
        const events = yield* Stream.runCollect(reply as Stream.Stream<ThreadStreamEvent>)
        const types = Array.from(events, ({ type }) => type)
        assert.strictEqual(types[0], "thread.created")
        assert.strictEqual(types.at(-1), "thread.item.done")
        assert.strictEqual(types.length, 9)

        const page = yield* client.support.chatkit({ payload: list })
        assert.isFalse(Stream.isStream(page))
        assert.deepInclude(page, { has_more: false })
        assert.deepStrictEqual(yield* client.health.health(), { status: "healthy" })
      })
    )

    it.effect("has a page that loads nothing from another host", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const page = yield* get(url, "/docs")
        assert.strictEqual(page.status, 200)
        assert.match(String(page.headers["content-type"]), /^text\/html/)
        const markup = page.body.replace(/(<script\b[^>]*>)[\s\S]*?<\/script>/g, "$1")
        const tags = markup.match(/<[a-z][^>]*>/gi) ?? []
        assert.isAtLeast(tags.length, 5)
        for (const tag of tags) assert.notMatch(tag, /\b(src|href|action|data)\s*=/i)
        assert.notMatch(markup, /url\(|@import|https?:\/\//)
        assert.include(page.body, `"withDefaultFonts":false`)
      })
    )

    it.effect("has a page that may not even ask another host, whatever its script does", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const { headers } = yield* get(url, "/docs")
        const policy = String(headers["content-security-policy"])
        assert.match(policy, /default-src '(none|self)'/)
        assert.notMatch(policy, /https?:|\*/)
      })
    )
  }
)

describe("contract", () => {
  it.live("gives both outages back as the one that is declared", () =>
    Effect.gen(function* () {
      for (const doubles of [{ identities: IdentitiesDown }, { keys: KeysDown }]) {
        const failure = yield* Effect.flatMap(tokenFor("ada"), failureOf).pipe(
          Effect.provide(ServerOnDoubles.layer(doubles))
        )
        assert.strictEqual(failure._tag, "DbUnavailable")
      }
    })
  )

  it.live("has no page in production unless asked for", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const page = yield* get(url, "/docs")
      assert.deepStrictEqual(
        [page.status, page.body],
        [404, `{"error":"No such route: ChatKit is served at POST /support/chatkit","status":404}`]
      )
      assert.isUndefined(page.headers["allow"])
      assert.strictEqual((yield* get(url, "/openapi.json")).status, 200)
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )

  it.live("has a page in development", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      assert.strictEqual((yield* get(url, "/docs")).status, 200)
      const post = yield* request(url, { path: "/docs" })
      assert.deepStrictEqual([post.status, post.headers["allow"]], [405, "GET, HEAD, OPTIONS"])
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { NODE_ENV: "development" } })))
  )
})
