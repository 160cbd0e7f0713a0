import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as jose from "jose"
import { explain, relative } from "../../../src/cli/Explanation.ts"
import { inspect } from "../../../src/cli/Inspect.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { InvalidToken, InvalidTokenReason, KeysUnavailable } from "../../../src/auth/Errors.ts"
import { betterAuthTables, jwksRow, people } from "../../support/BetterAuthSchema.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import { settingsOf } from "../../support/Server.ts"
import {
  makeKey,
  origin,
  pluginClaims,
  secret,
  sign,
  signHs256,
  signRaw,
  signSessionToken
} from "../../support/Tokens.ts"

const key = await makeKey("EdDSA", "dev-key")
const devKeys = {
  kid: key.kid,
  jwk: (await jose.exportJWK(key.privateKey)) as Record<string, string>,
  secret: "made-up-for-development-made-up-for-development"
}

/** Development with the embedded database, unless `env` says otherwise. */
const inspected = (token: string, env: Record<string, string | undefined> = {}) =>
  Effect.map(
    inspect(
      token,
      settingsOf({
        NODE_ENV: undefined,
        DATABASE_URL: undefined,
        BETTER_AUTH_SECRET: undefined,
        BETTER_AUTH_ISSUER: undefined,
        ...env
      }),
      Effect.succeed(devKeys)
    ),
    (said) => {
      assert.notInclude(said, secret)
      assert.notInclude(said, devKeys.secret)
      assert.notMatch(said, /undefined|NaN|\[object/)
      return said
    }
  )

const demo = (person: string, claims: Record<string, unknown> = {}) =>
  Effect.promise(() => sign(key, pluginClaims(person, { sub: `demo-${person}`, ...claims })))

const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

describe("npm run token -- inspect", () => {
  it.live("says how the server answers each demo person", () =>
    Effect.gen(function* () {
      const ada = yield* inspected(yield* demo("ada"))
      assert.match(ada, /^This is a JWT, signed with EdDSA, key dev-key\.\n/)
      assert.include(ada, `  iss: "${origin}"\n`)
      assert.include(ada, `  email: "ada@example.com"\n`)
      assert.match(ada, /\n {2}exp: in 1[45] minutes\n/)
      assert.match(ada, /accept it, as user demo-ada in session demo-ada-session\.$/)
      assert.match(yield* inspected(yield* demo("grace")), /accept it, as user demo-grace/)
      assert.match(yield* inspected(yield* demo("asleep")), /refuse it with 404: .*signed out/)
      assert.match(yield* inspected(yield* demo("ghost")), /refuse it with 404: .*no user has/)
    })
  )

  it.live("C10: spells control and bidi characters of a token instead of printing them", () =>
    Effect.gen(function* () {
      const wild = "\u001b[2J\u202e\u2028\u009b\r\n\u2066x\u{e0041}"
      const spelt = "\\u001b[2J\\u202e\\u2028\\u009b\\u000d\\u000a\\u2066x\\udb40\\udc41"
      const token = yield* Effect.promise(() =>
        signRaw({ alg: wild, kid: wild }, JSON.stringify({ iss: wild, sub: wild }))
      )
      const said = yield* inspected(token)
      assert.include(said, `signed with ${spelt}, key ${spelt}.`)
      assert.notMatch(said.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      // The kind, the two claims and the verdict.
      assert.strictEqual(said.split("\n").length, 4)
    })
  )

  it.live("says when a token expired or becomes valid", () =>
    Effect.gen(function* () {
      const expired = yield* inspected(yield* demo("ada", { exp: secondsFromNow(-200) }))
      assert.match(expired, /refuse it with 401: it expired 3 minutes ago: fetch a new one/)
      const early = yield* inspected(yield* demo("ada", { nbf: secondsFromNow(7300) }))
      assert.match(early, /refuse it with 401: it becomes valid in 2 hours/)
      const endless = yield* inspected(yield* demo("ada", { exp: null }))
      assert.match(endless, /refuse it with 401: it has no usable exp/)
    })
  )

  it.live("names both sides when issuer or audience differ", () =>
    Effect.gen(function* () {
      const token = yield* demo("ada", { iss: "http://localhost:3000", aud: "elsewhere" })
      assert.include(
        yield* inspected(token, { BETTER_AUTH_ISSUER: origin }),
        `401: its issuer is "http://localhost:3000", the server expects "${origin}"`
      )
      assert.include(
        yield* inspected(token, { BETTER_AUTH_AUDIENCE: "support" }),
        `401: its audience is "elsewhere", the server expects "support"`
      )
      assert.include(
        yield* inspected(token),
        `401: its audience is "elsewhere" and its issuer "http://localhost:3000"`
      )
    })
  )

  it.live("tells an HS256 token with the right secret from one with another", () =>
    Effect.gen(function* () {
      const claims = pluginClaims("ada", { sub: "ada@example.com" })
      const token = yield* Effect.promise(() => signHs256(claims))
      const env = { BETTER_AUTH_SECRET: secret }
      assert.match(yield* inspected(token, env), /HS256\.\n[^]*accept it, as user demo-ada/)
      assert.match(yield* inspected(token), /401: its signature does not fit BETTER_AUTH_SECRET/)
      const mailed = yield* Effect.promise(() => signHs256({ ...claims, updateTo: "x@y.z" }))
      assert.match(yield* inspected(mailed, env), /401: .*mailed/)
    })
  )

  it.live("recognizes what people mistake for a token", () =>
    Effect.gen(function* () {
      const signed = yield* Effect.promise(() =>
        signSessionToken("abcdefghijklmnopqrstuvwxyz012345")
      )
      const jwe = yield* Effect.promise(() =>
        new jose.EncryptJWT({})
          .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
          .encrypt(new Uint8Array(32))
      )
      const rows: ReadonlyArray<readonly [string, RegExp]> = [
        [signed, /^This is a session token with its signature, not a JWT\./],
        ["abcdefghijklmnopqrstuvwxyz012345", /^This is a raw session token or a user id/],
        ["3fa85f64-5717-4562-b3fc-2c963f66afa6", /^This is an id, most likely a user id/],
        ["42", /^This is an id, most likely a user id/],
        ["demo-ada", /^This is an id, most likely a user id/],
        ["ada@example.com", /^This is an e-mail address, not a token\./],
        [jwe, /^This is an encrypted token \(JWE\)/],
        ["garbage", /^This is not a JWT/],
        ["a.b.c", /^This is not a JWT/],
        ["..", /^This is not a JWT/],
        ["Bearer  demo-ada\n", /^This is an id, most likely a user id/]
      ]
      for (const [text, words] of rows) {
        const said = yield* inspected(text)
        assert.match(said, words)
        assert.match(said, /\nThe server would refuse it with 401: /)
      }
    })
  )

  it.live("says that there is nothing to inspect", () =>
    Effect.gen(function* () {
      assert.match(yield* inspected(""), /empty|nothing|no token/i)
      assert.match(yield* inspected("Bearer "), /empty|nothing|no token/i)
    })
  )

  it.live("does not take a JWT that lost its signature for a session token", () =>
    Effect.gen(function* () {
      const [header, payload] = (yield* demo("ada")).split(".")
      const said = yield* inspected(`${header}.${payload}`)
      assert.notMatch(said, /session token/)
      assert.match(said, /refuse it with 401: .*signature was cut off/)
    })
  )

  it.live("explains a header without an algorithm", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => signRaw({}, "{}"))
      assert.match(yield* inspected(token), /refuse it with 401: /)
    })
  )

  it.live.skipIf(!onRealServer)(
    "asks the database in DATABASE_URL, and says what is missing there",
    () =>
      Effect.gen(function* () {
        const database = yield* TestDatabase
        const DATABASE_URL = database.url
        const token = yield* Effect.promise(() => sign(key, pluginClaims("ada")))

        const bare = yield* inspected(token, { DATABASE_URL })
        assert.notInclude(bare, "could not be asked")
        assert.match(bare, /table/)

        yield* database.exec(betterAuthTables)
        assert.include(
          yield* inspected(token, { DATABASE_URL }),
          "401: it is signed with EdDSA, but the jwks table is empty"
        )

        const other = yield* Effect.promise(() => makeKey("EdDSA", "other-key"))
        yield* database.exec(jwksRow(other.kid, other.publicJwk))
        assert.match(
          yield* inspected(token, { DATABASE_URL }),
          /key \(kid\) that is not in the jwks/
        )

        yield* database.exec(jwksRow(key.kid, key.publicJwk))
        assert.match(yield* inspected(token, { DATABASE_URL }), /404: .*no user has its e-mail/)

        yield* database.exec(people)
        assert.match(
          yield* inspected(token, { DATABASE_URL }),
          /accept it, as user ada in session ada-session\.$/
        )
        const [schema] = yield* database.exec("select to_regnamespace('chatkit')::text as made")
        assert.deepStrictEqual(schema, { made: null })
      }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )
})

/** The words of each sentence that no other has, and what to do about it where something can be. */
const sentences: Readonly<Record<InvalidTokenReason, RegExp>> = {
  no_credentials: /cannot be sent .* header\. Send the JWT that authClient\.token\(\) returns/,
  other_scheme: /cannot be sent .* header\. Send the JWT that authClient\.token\(\) returns/,
  several_headers: /cannot be sent .* header\. Send the JWT that authClient\.token\(\) returns/,
  malformed_header: /cannot be sent .* header\. Send the JWT that authClient\.token\(\) returns/,
  too_long: /longer than 8 KiB: keep the payload small/,
  malformed_token: /^it is not a JWT, or a damaged one\. Send the JWT/,
  session_token: /a JWT whose signature was cut off\. Send the JWT/,
  opaque_token: /raw session tokens, user ids, API keys .* never accepted\. Send the JWT/,
  encrypted_token: /an encrypted cookie, .*\. Send the JWT/,
  header_not_allowed: /its header has a typ, a kid or an extension/,
  algorithm_not_allowed: /signed with EdDSA, which Better Auth does not use/,
  algorithm_not_of_key: /its header says EdDSA, but the key .* has another algorithm/,
  secret_missing: /BETTER_AUTH_SECRET is not set here/,
  key_id_missing: /signed with EdDSA but names no usable key/,
  keys_empty: /signed with EdDSA, but the jwks table is empty .* jwt\(\) plugin migrated\?$/,
  key_unknown: /signed with EdDSA by a key \(kid\) that is not in the jwks table/,
  key_retired: /its key expired more than 30 days ago/,
  signature: /its signature does not fit the key that it names/,
  expired: /it expired 2 minutes ago: fetch a new one/,
  expiry_missing: /it has no usable exp/,
  not_yet_valid: /it becomes valid in 3 minutes: do the clocks agree/,
  issued_in_future: /it was issued in 4 minutes: .*CLOCK_TOLERANCE is 15 seconds/,
  issuer:
    /its issuer is "https:\/\/other\.example", the server expects "[^"]+" \(BETTER_AUTH_ISSUER\)/,
  audience: /its audience is "nobody" and its issuer "https:\/\/other\.example"/,
  mailed_token: /a link that Better Auth mailed .* does not log anybody in/,
  session_cookie_with_issuer: /the cookie cache, .* BETTER_AUTH_ISSUER is set/,
  session_cookie_layout: /looks like the cookie cache, but does not have the layout/,
  email_missing: /no usable e-mail: keep email in definePayload/,
  subject_missing: /it has no sub/,
  claims: /one of its claims has the wrong type/,
  subject_mismatch: /its sub and its e-mail name two different users/,
  banned: /its user is banned/
}

describe("explain", () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const payload = {
    exp: -120,
    nbf: 180,
    iat: 240,
    iss: "https://other.example",
    aud: "nobody"
  }
  const token = `${part({ alg: "EdDSA" })}.${part(payload)}.x`

  for (const reason of InvalidTokenReason.literals) {
    it(`says in one sentence what ${reason} means`, () => {
      const sentence = explain(new InvalidToken({ reason }), token, settingsOf(), 0)
      assert.match(sentence, sentences[reason])
      assert.match(sentence, /^[a-z].*[.?)]$/)
      assert.notMatch(sentence, /undefined|NaN/)
    })
  }

  it("has other words for a session token, another algorithm, and other settings", () => {
    const of = (reason: InvalidTokenReason, token: string, env = {}) =>
      explain(new InvalidToken({ reason }), token, settingsOf(env), 0)
    assert.match(of("session_token", "abc.def"), /a session token, not a JWT\..*TOKENS=signed/)
    const symmetric = `${part({ alg: "HS256" })}.e30.x`
    assert.match(of("signature", symmetric), /does not fit BETTER_AUTH_SECRET: is it the same/)
    assert.match(
      of("audience", token, { BETTER_AUTH_AUDIENCE: "support" }),
      /its audience is "nobody", the server expects "support" \(BETTER_AUTH_AUDIENCE\)/
    )
  })
})

describe("F11: explain", () => {
  const tokenUntil = (exp: unknown) => {
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url")
    return `${part({ alg: "EdDSA" })}.${part({ exp })}.x`
  }

  it("says of a token that has expired that no database or key would help", () => {
    const settings = settingsOf({ BETTER_AUTH_JWKS_URL: "https://app.example.com/jwks" })
    for (const failure of [new DbUnavailable({ operation: "test" }), new KeysUnavailable()]) {
      const said = (exp: unknown) => explain(failure, tokenUntil(exp), settings, 1_000)
      assert.include(
        said(820),
        " It expired 3 minutes ago, so the answer would be 401 in any case."
      )
      // RFC 7519 §4.1.4: on its last second it is expired.
      assert.include(said(1_000), " It expired just now,")
      for (const exp of [1_001, undefined, "820"]) assert.notInclude(said(exp), "expired")
    }
  })

  it("says that a user is banned, and not signed out", () => {
    const banned = explain(new InvalidToken({ reason: "banned" }), tokenUntil(1), settingsOf(), 0)
    assert.strictEqual(banned, "its user is banned.")
  })
})

describe("relative", () => {
  it("counts in the largest unit that fits, in both directions", () => {
    assert.deepStrictEqual(
      [-86_400 * 2, -3600, -200, -59, 1, 60, 3599, 7300, 86_399, 86_400].map((at) =>
        relative(at, 0)
      ),
      [
        "2 days ago",
        "1 hour ago",
        "3 minutes ago",
        "59 seconds ago",
        "in 1 second",
        "in 1 minute",
        "in 59 minutes",
        "in 2 hours",
        "in 23 hours",
        "in 1 day"
      ]
    )
  })
})
