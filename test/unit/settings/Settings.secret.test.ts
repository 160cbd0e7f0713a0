import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { assertProblem, problemsOf, production, settingsOf } from "../../support/ParsedSettings.ts"
import { secret } from "../../support/Tokens.ts"

describe("the secret", () => {
  const weak = [
    "hunter2",
    "a".repeat(31),
    "better-auth-secret-12345678901234567890",
    "change-me-change-me-change-me-change-me",
    "your-secret-here-your-secret-here-12345",
    "placeholder-placeholder-placeholder-1234"
  ]

  it("must be strong in production", () => {
    for (const text of weak) {
      const env = { ...production, BETTER_AUTH_SECRET: text, BETTER_AUTH_ISSUER: "https://x.y" }
      assertProblem(env, "BETTER_AUTH_SECRET", /openssl rand -base64 32/)
      assert.notInclude(problemsOf(env).join(), text)
    }
  })

  it("may be weak in development, with a warning that does not repeat it", () => {
    for (const text of weak) {
      const env = { BETTER_AUTH_SECRET: text, BETTER_AUTH_ISSUER: "https://x.y" }
      const { secret, warnings } = settingsOf(env)
      assert.strictEqual(Redacted.value(secret!), text)
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0] ?? "", /^BETTER_AUTH_SECRET: /)
      assert.notInclude(warnings[0], text)
    }
  })

  it("C3: must not be weak where others reach the server, whatever NODE_ENV says", () => {
    const weakest = "a".repeat(64)
    assertProblem(
      { ...production, BETTER_AUTH_SECRET: weakest },
      "BETTER_AUTH_SECRET",
      /one letter/
    )
    for (const BETTER_AUTH_SECRET of [...weak, weakest]) {
      for (const HOST of ["0.0.0.0", "::", "[::]", "10.0.0.5", "chat.internal"]) {
        assertProblem({ HOST, BETTER_AUTH_SECRET }, "BETTER_AUTH_SECRET")
      }
      for (const HOST of ["127.0.0.1", "localhost", "::1", "[::1]"]) {
        assert.isAbove(settingsOf({ HOST, BETTER_AUTH_SECRET }).warnings.length, 0)
      }
    }
  })

  it("is measured in bytes", () => {
    settingsOf({ ...production, BETTER_AUTH_SECRET: "üß".repeat(8) })
    settingsOf({ ...production, BETTER_AUTH_SECRET: "a1".repeat(16) })
  })

  it("is refused when it is a public or private key, in development too", () => {
    const keys = [
      `{"kty":"OKP","crv":"Ed25519","x":"${"A".repeat(43)}"}`,
      `{ "keys": [{ "kty": "RSA", "n": "${"A".repeat(43)}", "e": "AQAB" }] }`,
      `-----BEGIN PUBLIC KEY-----\n${"A".repeat(64)}\n-----END PUBLIC KEY-----`,
      `-----BEGIN RSA PRIVATE KEY-----\\n${"A".repeat(64)}\\n-----END RSA PRIVATE KEY-----`
    ]
    for (const text of keys) {
      for (const env of [{}, production]) {
        assertProblem({ ...env, BETTER_AUTH_SECRET: text }, "BETTER_AUTH_SECRET", /key/)
        assert.notInclude(problemsOf({ ...env, BETTER_AUTH_SECRET: text }).join(), "AAAA")
      }
    }
  })

  it("without an issuer is warned about, because mailed links are signed with it too", () => {
    const { warnings } = settingsOf({ ...production, BETTER_AUTH_SECRET: secret })
    assert.strictEqual(warnings.length, 1)
    assert.match(warnings[0] ?? "", /set BETTER_AUTH_ISSUER/)
    const issuer = { BETTER_AUTH_ISSUER: "https://app.example.com" }
    const closed = settingsOf({ ...production, BETTER_AUTH_SECRET: secret, ...issuer })
    assert.deepStrictEqual(closed.warnings, [])
  })

  it("is needed for signed session tokens", () => {
    assertProblem(
      { ...production, BETTER_AUTH_SESSION_TOKENS: "signed" },
      "BETTER_AUTH_SECRET",
      /BETTER_AUTH_SESSION_TOKENS=signed/
    )
  })
})
