import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { IdentityQuery } from "../../../../src/auth/Identities.ts"
import {
  makeKey,
  origin,
  pluginClaims,
  sign,
  signHs256,
  signRaw,
  signSessionToken
} from "../../../support/Tokens.ts"
import { verifications } from "../../../support/auth/Cryptography.ts"
import { authenticate, authenticatorOn } from "../../../support/auth/AuthenticatorOn.ts"
import { countedKeys } from "../../../support/auth/Verifier.ts"

type Overrides = Record<string, unknown>

// The test clock starts at 0.
const claims = (overrides: Overrides = {}) => pluginClaims("ada", overrides, 0)

const key = await makeKey()
const impostor = await makeKey()
const keys = countedKeys(key)
const asked: Array<IdentityQuery> = []
const closed = authenticatorOn({ asked, keys: keys.layer }, { issuers: [origin], audience: origin })

const encode = (text: string) => Buffer.from(text).toString("base64url")

/** Signed with the right key or secret: nothing but what it says is wrong with it. */
const plugin = (overrides: Overrides, header?: Overrides) => sign(key, claims(overrides), header)
const hs256 = (overrides: Overrides, header?: Overrides) => signHs256(claims(overrides), header)

const mailed = { email: "ada@example.com", userId: "ada", iat: 0, exp: 900 }

/** Why no key can make them good, and tokens that are refused for it. */
const hopeless: ReadonlyArray<readonly [string, ReadonlyArray<string | Promise<string>>]> = [
  ["opaque_token", ["garbage", "b1AIG5VNkFgKMJfntAlV1lh4RzlususY"]],
  ["malformed_token", ["a.b.c", `${encode("{}")}.${encode("{}")}.`, "...", "a.b.c.d"]],
  ["malformed_token", [signRaw({ alg: "HS256" }, "[]"), signRaw({ alg: "HS256" }, "{")]],
  ["encrypted_token", ["a.b.c.d.e"]],
  ["session_token", [signSessionToken("b1AIG5VNkFgKMJfntAlV1lh4RzlususY")]],
  [
    "algorithm_not_allowed",
    [
      signRaw({ alg: "none" }, JSON.stringify(claims())),
      signRaw({ alg: "HS512" }, JSON.stringify(claims())),
      signRaw({ kid: key.kid }, JSON.stringify(claims())),
      plugin({}, { alg: "EdDSA" }).then((token) =>
        [encode(`{"alg":"ES384","kid":"${key.kid}"}`), ...token.split(".").slice(1)].join(".")
      )
    ]
  ],
  ["header_not_allowed", [hs256({}, { cty: "JWT" }), plugin({}, { typ: "at+jwt" })]],
  ["key_id_missing", ["", "a b", "a\0b", "k".repeat(257)].map((kid) => plugin({}, { kid }))],
  ["key_id_missing", [plugin({}, { kid: undefined })]],
  ["expired", [plugin({ exp: -15 }), hs256({ exp: -15 })]],
  ["expiry_missing", [plugin({ exp: null }), hs256({ exp: null })]],
  ["not_yet_valid", [plugin({ nbf: 16 }), hs256({ nbf: 16 })]],
  ["issued_in_future", [plugin({ iat: 16 }), hs256({ iat: 16 })]],
  ["issuer", [plugin({ iss: "https://x.example" }), hs256({ iss: null })]],
  ["audience", [plugin({ aud: "https://x.example" }), hs256({ aud: null })]],
  ["email_missing", [plugin({ email: null }), hs256({ email: "a\0@example.com" })]],
  ["subject_missing", [plugin({ sub: null })]],
  ["claims", [plugin({ sub: 5 }), hs256({ sid: "\0" })]],
  [
    "mailed_token",
    [
      signRaw({ alg: "HS256" }, JSON.stringify(mailed)),
      hs256({ updateTo: "grace@example.com" }),
      plugin({ requestType: "change-email-verification" })
    ]
  ]
]

/** Why the credentials are refused. */
const reasonOf = (...lines: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(authenticate(...lines)), (error) =>
    error._tag === "InvalidToken" ? error.reason : error._tag
  )

layer(closed)("credentials that cannot be accepted", (it) => {
  it.effect.each(hopeless.map(([reason, tokens], i) => [reason, i, tokens] as const))(
    "are refused without keys, cryptography or a lookup: %s (%d)",
    ([reason, , tokens]) =>
      Effect.gen(function* () {
        const verified = yield* verifications(
          Effect.gen(function* () {
            for (const token of yield* Effect.promise(() => Promise.all(tokens))) {
              assert.strictEqual(yield* reasonOf(`Bearer ${token}`), reason, token)
            }
          })
        )
        assert.deepStrictEqual([verified, keys.loads, asked.length], [0, 0, 0])
      })
  )

  it.effect("are refused without keys, cryptography or a lookup: no token at all", () =>
    Effect.gen(function* () {
      const good = yield* Effect.promise(() => hs256({}))
      const verified = yield* verifications(
        Effect.gen(function* () {
          for (const [reason, ...lines] of [
            ["no_credentials"],
            ["no_credentials", ""],
            ["other_scheme", "Basic YWRhOmFkYQ=="],
            ["malformed_header", "Bearer"],
            ["malformed_header", `Bearer ${good} ${good}`],
            ["several_headers", `Bearer ${good}`, `Bearer ${good}`],
            ["too_long", `Bearer ${good}${"x".repeat(9000)}`]
          ]) {
            assert.strictEqual(yield* reasonOf(...lines), reason, reason)
          }
        })
      )
      assert.deepStrictEqual([verified, keys.loads, asked.length], [0, 0, 0])
    })
  )

  it.effect("are refused by their key without a lookup", () =>
    Effect.gen(function* () {
      const cases = [
        ["signature", yield* Effect.promise(() => sign(impostor, claims()))],
        ["signature", yield* Effect.promise(() => signHs256(claims(), {}, "another secret"))],
        [
          "algorithm_not_of_key",
          yield* Effect.promise(() =>
            signRaw({ alg: "RS256", kid: key.kid }, JSON.stringify(claims()))
          )
        ]
      ] as const
      for (const [reason, token] of cases) {
        assert.strictEqual(yield* reasonOf(`Bearer ${token}`), reason)
      }
      assert.deepStrictEqual([keys.loads, asked.length], [1, 0])
    })
  )

  it.effect("cost less than a good token, which costs one lookup each time", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => plugin({}))
      const verified = yield* verifications(
        Effect.gen(function* () {
          assert.strictEqual((yield* authenticate(`Bearer ${token}`)).userId, "ada")
          assert.strictEqual((yield* authenticate(`Bearer ${token}`)).userId, "ada")
        })
      )
      assert.deepStrictEqual([verified, keys.loads, asked.length], [1, 1, 2])
    })
  )
})
