import { assert, describe, it } from "@effect/vitest"
import type { VerifiedToken } from "../../../../src/auth/tokens/VerifiedTokens.ts"
import { verifiedTokens } from "../../../../src/auth/tokens/VerifiedTokens.ts"

const minute = 60_000
const roomy = { entries: 100, bytes: 1024 * 1024, milliseconds: minute }
const size = 500

/** A verified token that expires in the second `exp`. */
const token = (exp = 1_000_000, verifiedBy: object = {}): VerifiedToken => ({
  header: { alg: "EdDSA", kid: "key" },
  lifetime: { exp, nbf: undefined, iat: undefined },
  claims: {
    verification: { kind: "jwt", alg: "EdDSA", kid: "key" },
    email: undefined,
    subject: "ada",
    sessionId: undefined,
    sessionToken: undefined
  },
  verifiedBy
})

const memoryOf = (bounds: Partial<typeof roomy> = {}) => {
  const memory = verifiedTokens({ ...roomy, ...bounds })
  return {
    ...memory,
    /** Which of these are remembered, at 0 unless told otherwise. */
    known: (digests: string, now = 0) =>
      [...digests].filter((digest) => memory.recall(digest, now) !== undefined).join(""),
    /** Each letter is a token, of this size. */
    rememberAll: (digests: string, bytes = size, now = 0) => {
      for (const digest of digests) memory.remember(digest, bytes, token(), now)
    }
  }
}

describe("the memory of verified tokens", () => {
  it("gives back what it was given, under its digest alone", () => {
    const memory = memoryOf()
    const [one, two] = [token(), token()]
    memory.remember("a", size, one, 0)
    memory.remember("b", size, two, 0)
    assert.strictEqual(memory.recall("a", 0), one)
    assert.strictEqual(memory.recall("b", 0), two)
    assert.isUndefined(memory.recall("c", 0))
    assert.isUndefined(memory.recall("", 0))
    assert.isUndefined(memory.recall("__proto__", 0))
  })

  it("says by which keys a token was verified, the last time", () => {
    const memory = memoryOf()
    const [before, after] = [{}, {}]
    memory.remember("a", size, token(undefined, before), 0)
    assert.strictEqual(memory.recall("a", 0)?.verifiedBy, before)
    memory.remember("a", size, token(undefined, after), 0)
    assert.strictEqual(memory.recall("a", 0)?.verifiedBy, after)
  })

  it("has so many entries and no more: the oldest go first", () => {
    const memory = memoryOf({ entries: 3 })
    memory.rememberAll("abc")
    assert.strictEqual(memory.known("abc"), "abc")
    memory.rememberAll("d")
    assert.strictEqual(memory.known("abcd"), "bcd")
    memory.rememberAll("ef")
    assert.strictEqual(memory.known("abcdef"), "def")
  })

  it("takes a token that was verified again for a new one", () => {
    const memory = memoryOf({ entries: 3 })
    memory.rememberAll("abca")
    assert.strictEqual(memory.known("abc"), "abc")
    memory.rememberAll("d")
    assert.strictEqual(memory.known("abcd"), "acd")
  })

  it("does not take a token for a new one because it was recalled", () => {
    const memory = memoryOf({ entries: 2 })
    memory.rememberAll("ab")
    assert.strictEqual(memory.known("a"), "a")
    memory.rememberAll("c")
    assert.strictEqual(memory.known("abc"), "bc")
  })

  it("takes up so many bytes and no more: the oldest go first, as many as need be", () => {
    const memory = memoryOf({ bytes: 100_000 })
    memory.rememberAll("abcd", 10_000)
    assert.strictEqual(memory.known("abcd"), "abcd")
    memory.rememberAll("e", 10_000)
    assert.strictEqual(memory.known("abcde"), "bcde")
    memory.rememberAll("f", 30_000)
    assert.strictEqual(memory.known("abcdef"), "ef")
  })

  it("counts more than the text of a token", () => {
    const memory = memoryOf({ bytes: 100_000, entries: 1_000_000 })
    for (let i = 0; i < 1000; i++) memory.remember(`${i}`, 1, token(), 0)
    const known = Array.from({ length: 1000 }, (_, i) => memory.recall(`${i}`, 0)).filter(Boolean)
    assert.isAtMost(known.length, 200)
    assert.isAbove(known.length, 10)
  })

  it("takes a token that fills all there is", () => {
    const exactly = 2 * size + 1024
    for (const [bytes, known] of [
      [exactly, "a"],
      [exactly - 1, ""]
    ] as const) {
      const memory = memoryOf({ bytes })
      memory.rememberAll("a")
      assert.strictEqual(memory.known("a"), known)
    }
  })

  it("forgets the bytes with the token", () => {
    const memory = memoryOf({ bytes: 100_000 })
    // Verified again and again, expired, and pushed out: nothing of it counts any more.
    for (let i = 0; i < 50; i++) memory.rememberAll("a", 10_000)
    memory.rememberAll("bcd", 10_000)
    assert.strictEqual(memory.known("abcd"), "abcd")
    assert.strictEqual(memory.known("abcd", minute), "")
    memory.rememberAll("efgh", 10_000, minute)
    assert.strictEqual(memory.known("efgh", minute), "efgh")
    memory.rememberAll("ijkl", 10_000, minute)
    assert.strictEqual(memory.known("efghijkl", minute), "ijkl")
  })

  it("keeps what it has when a token alone is too large", () => {
    const memory = memoryOf({ bytes: 100_000 })
    memory.rememberAll("a")
    memory.rememberAll("b", 60_000)
    assert.strictEqual(memory.known("ab"), "a")
    memory.rememberAll("a", 60_000)
    assert.strictEqual(memory.known("a"), "")
  })

  it("remembers nothing where a bound is 0", () => {
    for (const bounds of [{ entries: 0 }, { bytes: 0 }, { milliseconds: 0 }]) {
      const memory = memoryOf(bounds)
      memory.rememberAll("ab")
      assert.strictEqual(memory.known("ab"), "", JSON.stringify(bounds))
    }
  })

  it("lasts 60 seconds, recalled or not", () => {
    const memory = memoryOf()
    memory.rememberAll("a", size, 1000)
    for (let at = 1000; at < 61_000; at += 1000) {
      assert.strictEqual(memory.known("a", at), "a", `${at}`)
    }
    assert.strictEqual(memory.known("a", 60_999), "a")
    assert.strictEqual(memory.known("a", 61_000), "")
    assert.strictEqual(memory.known("a", 60_999), "", "not even when the clock is set back then")
  })

  it("ends with the token, whatever is tolerated afterwards", () => {
    const memory = memoryOf()
    memory.remember("a", size, token(30), 1000)
    memory.remember("b", size, token(30.5), 1000)
    assert.strictEqual(memory.known("ab", 29_999), "ab")
    assert.strictEqual(memory.known("ab", 30_000), "b")
    assert.strictEqual(memory.known("ab", 30_500), "")
    for (const exp of [30, 0, -1, -Infinity]) memory.remember("c", size, token(exp), 30_000)
    assert.strictEqual(memory.known("c", 30_000), "")
    assert.strictEqual(memory.known("c", 0), "")
  })

  it("ends when the clock turns out to be behind the moment of the verification", () => {
    const memory = memoryOf()
    memory.rememberAll("a", size, 1_000_000)
    assert.strictEqual(memory.known("a", 999_999), "")
    assert.strictEqual(memory.known("a", 1_000_000), "")
    memory.remember("b", size, token(1030), 1_000_000)
    assert.strictEqual(memory.known("b", 900_000), "", "nor by its shorter life")
  })
})
