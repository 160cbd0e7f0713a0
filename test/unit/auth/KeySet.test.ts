import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { keySetOf, verificationKey } from "../../../src/auth/KeySet.ts"
import { type PublicKey, publicJwk } from "../../../src/auth/KeySource.ts"
import { makeKey } from "../../support/Tokens.ts"

const now = 1_000

/** The algorithms that a key with these members verifies. */
const verifies = Effect.fnUntraced(function* (
  jwk: Readonly<Record<string, unknown>>,
  alg: string | undefined
) {
  const members = publicJwk(jwk)
  if (members === undefined) return []
  const key: PublicKey = { kid: "k", jwk: members, alg, retiresAt: Infinity }
  const keySet = keySetOf([key])
  const found: Array<string> = []
  for (const name of ["EdDSA", "Ed25519", "ES256", "ES512", "RS256", "PS256"]) {
    const { _tag } = yield* Effect.exit(verificationKey(keySet, "k", name, now))
    if (_tag === "Success") found.push(name)
  }
  return found
})

const jwkFor = (alg: Parameters<typeof makeKey>[0]) =>
  Effect.promise(async () => (await makeKey(alg)).publicJwk as Readonly<Record<string, unknown>>)

describe("A8: a published key", () => {
  it.effect("verifies what it declares and its type allows, and nothing else", () =>
    Effect.gen(function* () {
      const rsa = yield* jwkFor("RS256")
      assert.deepStrictEqual(yield* verifies(rsa, undefined), ["RS256", "PS256"])
      assert.deepStrictEqual(yield* verifies(rsa, "RS256"), ["RS256"])
      for (const alg of ["PS512", "RS512", "RSA-OAEP", "HS256", "none", "ES256"]) {
        assert.deepStrictEqual(yield* verifies(rsa, alg), [], alg)
      }
      const p256 = yield* jwkFor("ES256")
      assert.deepStrictEqual(yield* verifies(p256, undefined), ["ES256"])
      assert.deepStrictEqual(yield* verifies(p256, "ES512"), [])
      const ed = yield* jwkFor("EdDSA")
      for (const alg of [undefined, "EdDSA", "Ed25519"]) {
        assert.deepStrictEqual(yield* verifies(ed, alg), ["EdDSA", "Ed25519"])
      }
      assert.deepStrictEqual(yield* verifies(ed, "ES256"), [])
    })
  )

  it.effect("is for signatures only where it says what it is for", () =>
    Effect.gen(function* () {
      const ed = yield* jwkFor("EdDSA")
      const all = ["EdDSA", "Ed25519"]
      assert.deepStrictEqual(yield* verifies({ ...ed, key_ops: ["verify"] }, undefined), all)
      assert.deepStrictEqual(yield* verifies({ ...ed, use: "sig" }, undefined), all)
      for (const more of [
        { key_ops: ["encrypt"] },
        { key_ops: ["sign"] },
        { key_ops: [] },
        { key_ops: "verify" },
        { use: "enc" }
      ]) {
        assert.deepStrictEqual(yield* verifies({ ...ed, ...more }, undefined), [])
      }
    })
  )

  it.effect("has an odd RSA exponent of 65537 at least", () =>
    Effect.gen(function* () {
      const rsa = yield* jwkFor("RS256")
      for (const e of ["AQ", "Aw", "AQAA", "", "AAAB", undefined]) {
        assert.deepStrictEqual(yield* verifies({ ...rsa, e }, undefined), [], String(e))
      }
      assert.deepStrictEqual(yield* verifies({ ...rsa, e: "AQAB" }, undefined), ["RS256", "PS256"])
    })
  )
})
