import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ChatKit } from "../../../src/chatkit/ChatKit.ts"
import { IdentitiesDown } from "../../support/Doubles.ts"
import { type Answer, ask, request } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const made = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const list = { type: "threads.list", params: {} }

const assertEnvelope = ({ headers, status }: Answer, id: string) => {
  assert.strictEqual(headers["x-request-id"], id, String(status))
  assert.strictEqual(headers["x-content-type-options"], "nosniff")
  assert.isUndefined(headers["x-powered-by"])
  assert.isUndefined(headers["server"])
}

layer(ServerOnDoubles.layer({ env: { DOCS: "on" } }), { excludeTestServices: true })(
  "envelope",
  (it) => {
    it.effect("takes a request id over that looks like one", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        for (const id of [
          "12345678",
          "9f0c1a52-4b1e-4f3c-9d8e-0a1b2c3d4e5f",
          "Root_1.67891233-abcdef01",
          "a".repeat(64)
        ]) {
          const answer = yield* request(url, {
            method: "GET",
            path: "/healthz",
            headers: { "x-request-id": id }
          })
          assertEnvelope(answer, id)
        }
      })
    )

    it.effect("makes one where none came, or one that could be anything", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const seen = new Set<string>()
        for (const id of [
          undefined,
          "",
          "1234567",
          "a".repeat(65),
          "has a space in it",
          "ada@example.com",
          `quote"quote"`,
          "line\tline-line",
          "{json:12345678}",
          "\xfcml\xe4ut-1234"
        ]) {
          const headers: Record<string, string> = id === undefined ? {} : { "x-request-id": id }
          const answer = yield* request(url, { method: "GET", path: "/healthz", headers })
          const given = String(answer.headers["x-request-id"])
          assert.match(given, made)
          seen.add(given)
        }
        assert.strictEqual(seen.size, 10)
      })
    )

    it.effect("does not join two ids that came into one", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const { headers } = yield* request(url, {
          method: "GET",
          path: "/healthz",
          headers: { "x-request-id": ["first-12345", "second-12345"] }
        })
        assert.match(String(headers["x-request-id"]), made)
      })
    )

    it.effect("is on every answer, whoever gave it", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const id = "on-every-answer"
        const mine = { "x-request-id": id }
        const authorization = `Bearer ${yield* tokenFor("ada")}`
        const answers = [
          yield* request(url, { headers: { ...mine, authorization }, body: list }),
          yield* request(url, { headers: { ...mine, authorization }, body: { message: "Hi" } }),
          yield* request(url, { headers: mine, method: "OPTIONS" }),
          yield* request(url, { headers: { ...mine, authorization }, body: "{" }),
          yield* request(url, { headers: mine, body: list }),
          yield* request(url, { headers: mine, path: "/nowhere" }),
          yield* request(url, { headers: mine, method: "GET" }),
          yield* request(url, { headers: mine, method: "GET", path: "/openapi.json" }),
          yield* request(url, { headers: mine, method: "GET", path: "/docs" })
        ]
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 200, 204, 400, 401, 404, 405, 200, 200]
        )
        for (const answer of answers) assertEnvelope(answer, id)
      })
    )

    it.effect("forbids every cache to store a user's data", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const token = yield* tokenFor("ada")
        const document = yield* ask(url, token)
        assert.strictEqual(document.headers["cache-control"], "no-store")
        assert.match(String(document.headers["content-type"]), /^application\/json/)
        for (const body of ["{", { type: "threads.get_by_id", params: { thread_id: "x" } }]) {
          const { headers, status } = yield* ask(url, token, body)
          assert.isAtLeast(status, 400)
          assert.strictEqual(headers["cache-control"], "no-store")
        }
      })
    )

    it.effect("sends a stream that no proxy buffers, changes or keeps", () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const { headers, status } = yield* ask(url, yield* tokenFor("ada"), { message: "Hello" })
        assert.strictEqual(status, 200)
        assert.strictEqual(headers["content-type"], "text/event-stream; charset=utf-8")
        assert.deepStrictEqual(String(headers["cache-control"]).split(", ").sort(), [
          "no-cache",
          "no-store",
          "no-transform"
        ])
        assert.strictEqual(headers["x-accel-buffering"], "no")
        assert.strictEqual(headers["transfer-encoding"], "chunked")
        assert.isUndefined(headers["content-length"])
      })
    )
  }
)

describe("envelope", () => {
  const broken = Layer.succeed(ChatKit, { process: () => Effect.die("broken") })

  it.live("is around an outage and a defect too", () =>
    Effect.gen(function* () {
      for (const [doubles, status] of [
        [{ identities: IdentitiesDown }, 503],
        [{ chatKit: broken }, 500]
      ] as const) {
        const answer = yield* Effect.gen(function* () {
          const { url } = yield* ServerOnDoubles
          const authorization = `Bearer ${yield* tokenFor("ada")}`
          const headers = { authorization, "x-request-id": "of-a-bad-day" }
          return yield* request(url, { headers, body: { message: "Hi" } })
        }).pipe(Effect.provide(ServerOnDoubles.layer(doubles)))
        assert.strictEqual(answer.status, status)
        assertEnvelope(answer, "of-a-bad-day")
        assert.strictEqual(answer.headers["cache-control"], "no-store")
      }
    })
  )
})
