import { assert, describe, it } from "@effect/vitest"
import { names } from "../../../src/settings/Settings.ts"
import { problemsOf, settingsOf } from "../../support/ParsedSettings.ts"

/** For each setting a text that cannot be meant, and what the sentence offers instead. */
const wrong: Readonly<Record<string, readonly [text: string, right: string]>> = {
  NODE_ENV: ["prodution", "development"],
  HOST: ["http://0.0.0.0:8000", "0.0.0.0"],
  PORT: ["http", "8000"],
  SHUTDOWN_DELAY: ["1s", "60"],
  DATABASE_URL: ["db.internal/app", "postgres://user:password@host:5432/name"],
  DATABASE_POOL_SIZE: ["many", "10"],
  BETTER_AUTH_SECRET: [
    "-----BEGIN PUBLIC KEY-----",
    "the secret string that Better Auth itself uses"
  ],
  BETTER_AUTH_ISSUER: ["auth.example.com", "https://app.example.com"],
  BETTER_AUTH_JWKS_URL: ["auth.example.com/jwks", "https://app.example.com/api/auth/jwks"],
  BETTER_AUTH_SESSION_TOKENS: ["raw", "signed"],
  CLOCK_TOLERANCE: ["a while", "15"],
  CORS_ORIGINS: ["*", "https://app.example.com"],
  PUBLIC_URL: ["nowhere", "https://chat.example.com"],
  TRUST_PROXY: ["10.0.0.0/8", "on"],
  BODY_LIMIT: ["lots", "1 MiB"],
  DICTATION_LIMIT: ["lots", "4 MiB"],
  ATTACHMENT_LIMIT: ["lots", "20 MiB"],
  ATTACHMENT_BYTES_PER_USER: ["lots", "1 GiB"],
  ATTACHMENT_TYPES: ["image/*", "image/png,application/pdf"],
  STREAMS_PER_USER: ["few", "8"],
  REQUESTS_AT_ONCE_PER_USER: ["few", "32"],
  REQUESTS_PER_SECOND_PER_USER: ["few", "50"],
  LOG_LEVEL: ["loud", "info"],
  LOG_FORMAT: ["xml", "json"],
  DOCS: ["perhaps", "on"],
  PLAYGROUND: ["perhaps", "on"],
  MODEL_URL: ["localhost:11434", "http://127.0.0.1:11434/v1"],
  MODEL_API: ["completions", "chat"],
  MODEL_INSTRUCTIONS: ["./none/at/all.md", "the path of a file with them that can be read"],
  MODEL_TOOLS: ["telepathy", "web_search"],
  MCP_SERVERS: ["tools.internal", "https://mcp.example.com/mcp"],
  MODEL_HISTORY: ["all", "50"],
  MODEL_ROUNDS: ["some", "10"],
  MODEL_TURN_TOKENS: ["some", "200000"],
  DAILY_TOKENS_PER_USER: ["some", "0"],
  MODEL_FIRST_EVENT_TIMEOUT: ["1m", "60"],
  MODEL_IDLE_TIMEOUT: ["1m", "60"],
  MODEL_TURN_TIMEOUT: ["10m", "600"],
  UPSTREAM_URL: ["localhost:9000", "http://127.0.0.1:8001/support/chatkit"],
  UPSTREAM_SECRET: ["short", "`openssl rand -base64 32`"]
}

/** Names of things elsewhere, which only their owner can judge. */
const anyText = [
  "BETTER_AUTH_AUDIENCE",
  "BETTER_AUTH_SCHEMA",
  "MODEL",
  "MODELS",
  "FALLBACK_MODEL",
  "TITLE_MODEL",
  "TRANSCRIPTION_MODEL",
  "MODEL_API_KEY",
  "OPENAI_API_KEY",
  "RESPONDER"
]

/** Offered as words of their own, and not as a value to paste. */
const isValue = (right: string) => !/^(the |`)|user:password/.test(right)

describe("a setting that cannot be used", () => {
  it("is known with a wrong text, or takes any", () => {
    assert.sameMembers([...Object.keys(wrong), ...anyText], [...names])
  })

  for (const [name, [text, right]] of Object.entries(wrong)) {
    it(`is told in one sentence with a right value: ${name}`, () => {
      const problems = problemsOf({ [name]: text })
      assert.lengthOf(problems, 1)
      const [problem = ""] = problems
      assert.isTrue(problem.startsWith(`${name}: `), problem)
      assert.include(problem, right)
      assert.match(problem, /\b(set|list)\b/)
      assert.notInclude(problem, text)
      assert.notInclude(problem, "\n")
      if (isValue(right)) settingsOf({ [name]: right })
    })
  }

  it("is told under its own name only, where another one depends on it", () => {
    const [problem, ...others] = problemsOf({ MODEL_API: "x", MODEL_TOOLS: "web_search" })
    assert.match(problem ?? "", /^MODEL_API: /)
    assert.lengthOf(others, 0)
  })

  it("C5: is no address where it has a scheme, a port or a path, and every address is taken", () => {
    for (const host of [
      "0.0.0.0:8000",
      "https://chat.example.com",
      "a b",
      "/run/x",
      "::1]",
      "1:2"
    ]) {
      assert.match(problemsOf({ HOST: host }).join(), /^HOST: set an address/, host)
    }
    for (const [host, taken] of [
      ["::", "::"],
      ["[::]", "::"],
      ["::ffff:127.0.0.1", "::ffff:127.0.0.1"],
      ["fe80::1%eth0", "fe80::1%eth0"],
      ["2001:db8::7", "2001:db8::7"],
      ["localhost", "localhost"],
      ["my_container-1", "my_container-1"],
      ["10.0.0.7", "10.0.0.7"]
    ] as const) {
      assert.strictEqual(settingsOf({ HOST: host }).host, taken)
    }
  })
})
