import { createHash } from "node:crypto"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { ChatKit } from "../../../src/chatkit/ChatKit.ts"
import { saying } from "../../support/ChatKitService.ts"
import { IdentitiesDown, KeysDown } from "../../support/Doubles.ts"
import { type Answer, ask, eventsOf, request } from "../../support/Client.ts"
import { origin, pluginClaims, secret, signHs256 } from "../../support/Tokens.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

interface Line {
  readonly message: string
  readonly level: string
  readonly annotations: Record<string, unknown>
}
const read = (lines: ReadonlyArray<string>) => lines.map((line) => JSON.parse(line) as Line)

/** The log line of one request's authentication. */
const attemptOf = Effect.fnUntraced(function* (asking: (url: string) => Effect.Effect<Answer>) {
  const { logs, url } = yield* ServerOnDoubles
  const before = logs.length
  yield* asking(url)
  const attempts = read(logs.slice(before)).filter(({ message }) => message === "authentication")
  assert.strictEqual(attempts.length, 1)
  return attempts[0]!
})

const withHeader = (authorization: string | ReadonlyArray<string>) => (url: string) =>
  request(url, { headers: { authorization }, body: {} })

layer(ServerOnDoubles.layer(), { excludeTestServices: true })("logged attempts", (it) => {
  it.effect("writes who came in, by what token and from where", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("ada")
      const { annotations, level } = yield* attemptOf((url) =>
        request(url, {
          headers: {
            authorization: `Bearer ${token}`,
            "x-request-id": "attempt-one",
            "x-forwarded-for": "203.0.113.7, 10.0.0.1",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64)"
          },
          body: { type: "threads.list", params: {} }
        })
      )
      const { duration_ms, ...rest } = annotations
      assert.strictEqual(level, "INFO")
      assert.isAtLeast(Number(duration_ms), 0)
      assert.deepStrictEqual(rest, {
        "request.id": "attempt-one",
        outcome: "accepted",
        "user.id": "ada",
        "session.id": "ada-session",
        "token.kind": "jwt",
        "token.fingerprint": createHash("sha256").update(token).digest("hex").slice(0, 12),
        "token.alg": "EdDSA",
        "token.kid": "key-EdDSA",
        "token.iss": origin,
        "client.address": "127.0.0.1",
        "client.forwarded_for": "203.0.113.7, 10.0.0.1",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64)"
      })
    })
  )

  it.effect("writes why somebody was refused, and who it was once that is known", () =>
    Effect.gen(function* () {
      const good = yield* tokenFor("ada")
      const sent = (token: string) => withHeader(`Bearer ${token}`)
      const spoiled = good.replace(/.{8}$/, "AAAAAAAA".slice(0, 7) + "A")
      const cases: ReadonlyArray<[string, (url: string) => Effect.Effect<Answer>, string?]> = [
        ["no_credentials", (url) => request(url, { body: {} })],
        ["other_scheme", withHeader("Basic YWRhOnNlY3JldA==")],
        ["several_headers", withHeader([`Bearer ${good}`, `Bearer ${good}`])],
        ["malformed_header", withHeader(good)],
        ["too_long", sent("a".repeat(9000))],
        ["opaque_token", sent("a".repeat(32))],
        ["session_token", sent(`${"a".repeat(32)}.${"b".repeat(43)}=`)],
        ["encrypted_token", sent("a.b.c.d.e")],
        ["signature", sent(spoiled)],
        ["expired", sent(yield* tokenFor("ada", { exp: 1 }))],
        ["issuer", sent(yield* tokenFor("ada", { iss: "https://x.example" }))],
        ["audience", sent(yield* tokenFor("ada", { aud: "https://x.example" }))],
        ["subject_mismatch", sent(yield* tokenFor("ada", { sub: "grace" })), "ada"],
        ["banned", sent(yield* tokenFor("banned")), "banned"],
        ["user_not_found", sent(yield* tokenFor("ghost"))],
        ["no_active_session", sent(yield* tokenFor("asleep")), "asleep"]
      ]
      for (const [reason, asking, userId] of cases) {
        const { annotations } = yield* attemptOf(asking)
        assert.deepStrictEqual(
          [annotations["outcome"], annotations["reason"], annotations["user.id"]],
          ["refused", reason, userId]
        )
        assert.match(String(annotations["request.id"]), /^[0-9a-f-]{36}$/)
      }
    })
  )

  it.effect("tells two tokens apart and knows one again", () =>
    Effect.gen(function* () {
      const fingerprintOf = (token: string) =>
        Effect.map(
          attemptOf((url) => ask(url, token)),
          ({ annotations }) => String(annotations["token.fingerprint"])
        )
      const one = yield* tokenFor("ada", { jti: "one" })
      const first = yield* fingerprintOf(one)
      assert.match(first, /^[0-9a-f]{12}$/)
      assert.strictEqual(yield* fingerprintOf(one), first)
      assert.notStrictEqual(yield* fingerprintOf(yield* tokenFor("ada", { jti: "two" })), first)
    })
  )

  it.effect("never writes a token, nor an address or password that one carries", () =>
    Effect.gen(function* () {
      const genuine = yield* tokenFor("ada")
      const symmetric = yield* Effect.promise(() => signHs256(pluginClaims("grace")))
      const headers = [
        { alg: "HS256", kid: mail },
        { alg: mail, kid: "x" },
        { alg: genuine.slice(0, 200), kid: symmetric }
      ]
      const minted = headers.map((header) => unsigned(header, { iss: origin, email: mail }))
      for (const iss of [mail, `https://joe:hunter2@${mail}`, "https://joe:hunter2@mail.example"]) {
        minted.push(unsigned({ alg: "HS256" }, { iss }))
        minted.push(yield* Effect.promise(() => signHs256(pluginClaims("ada", { iss }))))
        minted.push(yield* tokenFor("ada", { iss, aud: iss }))
      }
      const tokens = [genuine, symmetric, sessionToken, ...minted]
      const leaks = yield* leaksOf(tokens, (url) =>
        Effect.forEach(tokens, (token) =>
          Effect.andThen(
            ask(url, token, { message: `${mail} hunter2 ${token}` }),
            request(url, { headers: { authorization: token }, body: "{" })
          )
        )
      )
      assert.deepStrictEqual(leaks, [])
    })
  )

  it.effect("never writes a token that is the issuer of another", () =>
    Effect.gen(function* () {
      const inner = yield* Effect.promise(() => signHs256({ email: mail, a: 1 }))
      const tokens = [inner, unsigned({ alg: "HS256", kid: "x" }, { iss: inner })]
      const leaks = yield* leaksOf(tokens, (url) =>
        Effect.forEach(tokens, (token) => ask(url, token))
      )
      assert.deepStrictEqual(leaks, [])
    })
  )

  it.effect("never writes an address that came in another header", () =>
    Effect.gen(function* () {
      const places = [mail, `me <${mail}>,`, `mailto:${mail}`, `"${mail}"`]
      const leaks = yield* leaksOf([], (url) => placedInHeaders(url, places, [0, 100, 200]))
      assert.deepStrictEqual(leaks, [])
    })
  )

  it.effect("never writes a token that came in another header, wherever that is cut off", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("grace")
      const places = [token, sessionToken, `x;${token};y`, `t=${token}`]
      const lengths = [0, 180, 190, 200, 206, 212, 222, 230]
      const leaks = yield* leaksOf([token, sessionToken], (url) =>
        placedInHeaders(url, places, lengths)
      )
      assert.deepStrictEqual(leaks, [])
    })
  )
})

/** Each of these texts in every header that is logged, behind so many other characters. */
const placedInHeaders = Effect.fnUntraced(function* (
  url: string,
  places: ReadonlyArray<string>,
  lengths: ReadonlyArray<number>
) {
  const authorization = `Bearer ${yield* tokenFor("ada", { jti: "header" })}`
  for (const place of places) {
    for (const length of lengths) {
      const value = "p ".repeat(length / 2) + place
      const told = { "user-agent": value, "x-forwarded-for": value, "x-request-id": place }
      yield* request(url, { headers: { authorization, ...told }, body: "{" })
    }
  }
})

const mail = "somebody@mail.example"
const sessionToken = `${"s3ss10nT".repeat(4)}.${"A".repeat(43)}=`

/** A token nobody signed. */
const unsigned = (header: object, payload: object) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return `${encode(header)}.${encode(payload)}.${"B".repeat(43)}`
}

/** Which secrets, addresses and parts of tokens can be read in what this wrote, and where. */
const leaksOf = Effect.fnUntraced(function* (
  tokens: ReadonlyArray<string>,
  asking: (url: string) => Effect.Effect<unknown>
) {
  const { logs, url } = yield* ServerOnDoubles
  const before = logs.length
  yield* asking(url)
  const written = logs.slice(before)
  assert.isNotEmpty(written)
  const parts = tokens.flatMap((token) => token.split(".")).map((part) => part.slice(0, 30))
  const hidden = [secret, "hunter2", mail, "ada@example.com", "grace@example.com", ...parts]
  return [...new Set(hidden)].flatMap((text) => {
    const line = written.find((line) => line.includes(text))
    return line === undefined ? [] : [`${text} in ${line}`]
  })
})

describe("logged attempts", () => {
  it.live("are unavailable, not refused, during an outage", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("ada")
      for (const [doubles, reason] of [
        [{ identities: IdentitiesDown }, "database"],
        [{ keys: KeysDown }, "keys"]
      ] as const) {
        const { annotations } = yield* attemptOf((url) => ask(url, token)).pipe(
          Effect.provide(ServerOnDoubles.layer(doubles))
        )
        assert.deepInclude(annotations, { outcome: "unavailable", reason })
      }
    })
  )
})

describe("later lines of a request", () => {
  const who = { "request.id": "who-did-this", "user.id": "ada", "session.id": "ada-session" }
  const adaAsks = Effect.gen(function* () {
    const { logs, url } = yield* ServerOnDoubles
    const authorization = `Bearer ${yield* tokenFor("ada")}`
    const headers = { authorization, "x-request-id": "who-did-this" }
    const answer = yield* request(url, { headers, body: { message: "Hello" } })
    return { answer, later: read(logs).filter(({ message }) => message !== "authentication") }
  })

  it.live("say whose turn failed", () =>
    Effect.gen(function* () {
      const responder = saying(Stream.fail("broken"))
      const { answer, later } = yield* Effect.provide(adaAsks, ServerOnDoubles.layer({ responder }))
      assert.deepInclude(eventsOf(answer).at(-1), { type: "error", allow_retry: true })
      const line = later.find(({ message }) => message.includes("turn failed"))
      assert.deepInclude(line?.annotations, who)
      assert.strictEqual(line?.level, "ERROR")
    })
  )

  it.live("say whose request met a defect", () =>
    Effect.gen(function* () {
      const chatKit = Layer.succeed(ChatKit, { process: () => Effect.die("broken") })
      const { answer, later } = yield* Effect.provide(adaAsks, ServerOnDoubles.layer({ chatKit }))
      assert.strictEqual(answer.status, 500)
      assert.strictEqual(later.length, 1)
      assert.deepInclude(later[0]?.annotations, who)
    })
  )
})
