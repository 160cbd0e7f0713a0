import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { IdentitiesDown, KeysDown } from "../../support/Doubles.ts"
import { type Answer, ask, request } from "../../support/Client.ts"
import { pluginClaims, sign } from "../../support/Tokens.ts"
import { key, ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"
import { partsOf, sendRaw } from "../../support/http/RawConnection.ts"

const invalidToken = `{"error":"Invalid or expired JWT token","status":401}`
const userNotFound = `{"error":"User not found with provided email","status":404}`
const noActiveSession = `{"error":"No active sessions found for user","status":404}`
const unavailable = `{"error":"Service temporarily unavailable","status":503}`

const challenge = `Bearer realm="effect-chatkit"`
const refusedChallenge = `${challenge}, error="invalid_token", error_description="The access token is invalid or expired"`

const assertRefused = (answer: Answer, status: number, body: string) => {
  assert.deepStrictEqual([answer.status, answer.body], [status, body])
  assert.strictEqual(answer.headers["content-type"], "application/json")
}

const assertInvalidToken = (answer: Answer, expected = refusedChallenge) => {
  assertRefused(answer, 401, invalidToken)
  assert.strictEqual(answer.headers["www-authenticate"], expected)
}

layer(ServerOnDoubles.layer(), { excludeTestServices: true })("refusals", (it) => {
  it.effect("answers an expired, a foreign and a banned person's token with 401", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      assertInvalidToken(yield* ask(url, yield* tokenFor("ada", { exp: 1 })))
      assertInvalidToken(yield* ask(url, yield* tokenFor("ada", { iss: "https://other.example" })))
      assertInvalidToken(yield* ask(url, yield* tokenFor("ada", { sub: "grace" })))
      assertInvalidToken(yield* ask(url, yield* tokenFor("banned")))
    })
  )

  it.effect("answers an unknown e-mail and a signed-out person with their own 404", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const ghost = yield* ask(url, yield* tokenFor("ghost"))
      assertRefused(ghost, 404, userNotFound)
      assert.isUndefined(ghost.headers["www-authenticate"])
      const asleep = yield* ask(url, yield* tokenFor("asleep"))
      assertRefused(asleep, 404, noActiveSession)
      const signedOut = yield* ask(url, yield* tokenFor("ada", { sid: "another-session" }))
      assertRefused(signedOut, 404, noActiveSession)
    })
  )

  it.effect("challenges without an error code where no bearer token was sent", () =>
    Effect.gen(function* () {
      const { asked, keyLoads, url } = yield* ServerOnDoubles
      const before = [asked.length, keyLoads()]
      assertInvalidToken(yield* request(url, { body: {} }), challenge)
      for (const authorization of ["", "Basic YWRhOnNlY3JldA==", "Digest username=ada"]) {
        assertInvalidToken(yield* request(url, { headers: { authorization }, body: {} }), challenge)
      }
      assert.deepStrictEqual([asked.length, keyLoads()], before)
    })
  )

  it.effect("refuses a malformed header or token without a question to the database", () =>
    Effect.gen(function* () {
      const { asked, keyLoads, url } = yield* ServerOnDoubles
      const before = [asked.length, keyLoads()]
      const token = yield* tokenFor("ada")
      const [header, payload, signature] = token.split(".")
      const malformed = [
        "Bearer",
        "bearer ",
        token,
        `Bearer\t${token}`,
        `Bearer \t${token}`,
        `Bearer ${token} `.concat("x"),
        `Bearer "${token}"`,
        `Bearer ${token},`,
        `Bearer ${token}, Bearer ${token}`,
        `Bearer Bearer ${token}`,
        `Bearer token=${token}`,
        `Bearer:${token}`,
        `Bearer ${header}.${payload}`,
        `Bearer ${header}.${payload}.`,
        `Bearer .${payload}.${signature}`,
        `Bearer ${token}.`,
        `Bearer ${token}=`,
        `Bearer ${header}..${payload}.${signature}.x`,
        `Bearer x.y.z`,
        `Bearer ${"a".repeat(32)}`,
        `Bearer null`,
        `Bearer undefined`,
        `Bearer [object Object]`,
        `Bearer \xe9\xff`
      ]
      for (const authorization of malformed) {
        const answer = yield* request(url, { headers: { authorization }, body: {} })
        assert.strictEqual(answer.status, 401, authorization)
        assertInvalidToken(answer)
      }
      assert.deepStrictEqual([asked.length, keyLoads()], before)
    })
  )

  it.effect("refuses two Authorization lines, in whatever order and even when they agree", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* ServerOnDoubles
      const before = asked.length
      const good = `Bearer ${yield* tokenFor("ada")}`
      for (const lines of [
        [good, good],
        [good, "Basic YWRhOnNlY3JldA=="],
        ["Basic YWRhOnNlY3JldA==", good]
      ]) {
        assertInvalidToken(
          yield* request(url, { headers: { authorization: lines }, body: {} }),
          refusedChallenge
        )
        const head = lines.map((line, i) => `${i ? "AUTHORIZATION" : "authorization"}: ${line}`)
        const answer = partsOf(
          yield* sendRaw(
            url,
            `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head.join("\r\n")}\r\n\r\n`
          )
        )
        assert.deepStrictEqual([answer.status, answer.body], [401, invalidToken])
      }
      assert.strictEqual(asked.length, before)
    })
  )

  it.effect("looks at 8 KiB of Authorization and refuses one byte more", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada", { image: "a".repeat(5000) })
      const padded = (length: number) => `Bearer ${token.padStart(length - "Bearer ".length)}`
      const ofLength = (length: number) =>
        request(url, {
          headers: { authorization: padded(length) },
          body: { type: "threads.list", params: {} }
        })
      assert.strictEqual((yield* ofLength(8192)).status, 200)
      const before = asked.length
      assertInvalidToken(yield* ofLength(8193))
      for (const kibibytes of [20, 40]) {
        const long = yield* Effect.promise(() =>
          sign(key, pluginClaims("ada", { image: "a".repeat(kibibytes * 768) }))
        )
        assert.isAbove(long.length, kibibytes * 1024)
        assertInvalidToken(yield* ask(url, long))
      }
      assert.strictEqual(asked.length, before)
    })
  )

  it.effect("decides who is asking before it looks at the body", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const broken = `{"type": `
      const tooMuch = "x".repeat(1_200_000)
      assertInvalidToken(yield* request(url, { body: broken }), challenge)
      assertInvalidToken(
        yield* request(url, { body: "<x/>", headers: { "content-type": "text/xml" } }),
        challenge
      )
      assertInvalidToken(yield* ask(url, yield* tokenFor("ada", { exp: 1 }), broken))
      assertRefused(yield* ask(url, yield* tokenFor("ghost"), broken), 404, userNotFound)
      assertRefused(yield* ask(url, yield* tokenFor("asleep"), broken), 404, noActiveSession)
      const large = `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${tooMuch.length}\r\n\r\n`
      assert.strictEqual(partsOf(yield* sendRaw(url, large + tooMuch)).status, 401)
    })
  )

  it.effect("takes the scheme in any case and any number of spaces after it", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      for (const scheme of ["Bearer ", "bearer ", "BEARER   "]) {
        const answer = yield* request(url, {
          headers: { authorization: scheme + token },
          body: { type: "threads.list", params: {} }
        })
        assert.strictEqual(answer.status, 200, scheme)
      }
    })
  )

  it.effect.prop(
    "answers 401 without a question, whatever bytes the header has",
    [headerValues()],
    ([authorization]) =>
      Effect.gen(function* () {
        const { asked, keyLoads, url } = yield* ServerOnDoubles
        const before = [asked.length, keyLoads()]
        const answer = yield* request(url, { headers: { authorization }, body: {} })
        assertRefused(answer, 401, invalidToken)
        assert.deepStrictEqual([asked.length, keyLoads()], before)
      }),
    { arbitrary: { runs: 150 } }
  )
})

/** Any bytes HTTP lets through, half of them behind the right scheme. */
function headerValues() {
  const byte = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 222 })))
  const text = Arbitrary.array(byte, { maxLength: 60 }).pipe(
    Arbitrary.map((codes) =>
      codes
        .map((code) => (code < 32 ? "." : String.fromCharCode(code < 127 ? code : code + 33)))
        .join("")
    )
  )
  return Arbitrary.all([Arbitrary.schema(Schema.Boolean), text]).pipe(
    Arbitrary.map(([bearer, value]) => (bearer ? `Bearer ${value}` : value))
  )
}

describe("an outage", () => {
  const asksAda = Effect.gen(function* () {
    const { url } = yield* ServerOnDoubles
    return yield* ask(url, yield* tokenFor("ada"))
  })

  it.live("of the database is 503 and says when to come back", () =>
    Effect.gen(function* () {
      const answer = yield* asksAda
      assertRefused(answer, 503, unavailable)
      assert.strictEqual(answer.headers["retry-after"], "2")
      assert.isUndefined(answer.headers["www-authenticate"])
      const { url } = yield* ServerOnDoubles
      assertInvalidToken(yield* ask(url, "x.y.z"))
    }).pipe(Effect.provide(ServerOnDoubles.layer({ identities: IdentitiesDown })))
  )

  it.live("of the keys is the same 503, never a refusal", () =>
    Effect.gen(function* () {
      const answer = yield* asksAda
      assertRefused(answer, 503, unavailable)
      assert.strictEqual(answer.headers["retry-after"], "2")
      assert.isUndefined(answer.headers["www-authenticate"])
    }).pipe(Effect.provide(ServerOnDoubles.layer({ keys: KeysDown })))
  )
})
