import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { BearerToken, maxAuthorizationBytes } from "../../../../src/auth/tokens/BearerToken.ts"

const extract = (...lines: ReadonlyArray<string>) =>
  Effect.flatMap(BearerToken, (bearerToken) => bearerToken.extract(lines)).pipe(
    Effect.provide(BearerToken.layer)
  )

const tokenOf = (...lines: ReadonlyArray<string>) => Effect.map(extract(...lines), Redacted.value)

const reasonOf = (...lines: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(extract(...lines)), ({ reason }) => reason)

describe("BearerToken", () => {
  it.effect("takes the token after the scheme in any case and one or more spaces", () =>
    Effect.gen(function* () {
      for (const line of ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR     a.b.c"]) {
        assert.strictEqual(yield* tokenOf(line), "a.b.c")
      }
    })
  )

  it.effect("takes every character of RFC 6750, padding at the end, and percent signs", () =>
    Effect.gen(function* () {
      for (const token of ["AZaz09-._~+/", "a=", "a==", "abc.d%2Fe%3D"]) {
        assert.strictEqual(yield* tokenOf(`Bearer ${token}`), token)
      }
    })
  )

  it.effect("does not show the token when printed", () =>
    Effect.gen(function* () {
      const token = yield* extract("Bearer very-secret")
      assert.notInclude(String(token) + JSON.stringify({ token }), "very-secret")
    })
  )

  it.effect("knows a missing header and an empty one as no credentials", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reasonOf(), "no_credentials")
      assert.strictEqual(yield* reasonOf(""), "no_credentials")
    })
  )

  it.effect.each([
    "Basic YTpi",
    "Digest username=x",
    "Bearerx abc",
    "Token abc",
    "DPoP a.b.c",
    "\u200bBearer a.b.c"
  ])("refuses the other scheme of %j", (line) =>
    Effect.map(reasonOf(line), (reason) => assert.strictEqual(reason, "other_scheme"))
  )

  it.effect.each([
    "a.b.c",
    "Bearer",
    "Bearer ",
    "Bearer\ta.b.c",
    "Bearer \ta.b.c",
    "Bearer a b",
    "Bearer a.b.c ",
    "Bearer a.b.c, Bearer d.e.f",
    "Bearer a.b.c,d.e.f",
    "Bearer =abc",
    "Bearer a=b",
    "Bearer a\u0000b",
    "Bearer a\nb",
    "Bearer a.b.c\n",
    "Bearer café",
    'Bearer "a.b.c"',
    "Bearer a.b.c;x",
    "Bearer \u00a0a.b.c"
  ])("refuses the malformed %j", (line) =>
    Effect.map(reasonOf(line), (reason) => assert.strictEqual(reason, "malformed_header"))
  )

  it.effect(
    "refuses two lines, be they good, alike, or one of them empty or of another scheme",
    () =>
      Effect.gen(function* () {
        for (const second of ["Bearer d.e.f", "Bearer a.b.c", "", "Basic YTpi"]) {
          assert.strictEqual(yield* reasonOf("Bearer a.b.c", second), "several_headers")
        }
        yield* reasonOf("", "Bearer a.b.c")
        yield* reasonOf("Basic YTpi", "Bearer a.b.c")
      })
  )

  it.effect("takes a line as long as the limit and refuses one that is a byte longer", () =>
    Effect.gen(function* () {
      assert.strictEqual(maxAuthorizationBytes, 8192)
      const longest = "x".repeat(8192 - "Bearer ".length)
      assert.strictEqual(yield* tokenOf(`Bearer ${longest}`), longest)
      assert.strictEqual(yield* reasonOf(`Bearer ${longest}x`), "too_long")
      assert.strictEqual(yield* reasonOf(`Bearer  ${longest}`), "too_long")
    })
  )
})
