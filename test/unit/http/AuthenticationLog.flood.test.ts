import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"
import type { CurrentUser } from "../../../src/auth/CurrentUser.ts"
import { InvalidToken } from "../../../src/auth/Errors.ts"
import { SessionId, UserId } from "../../../src/core/User.ts"
import { AuthenticationLog } from "../../../src/http/AuthenticationLog.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { captureLogs } from "../../support/Doubles.ts"

interface Line {
  readonly message: string
  readonly level: string
  readonly annotations: Record<string, unknown>
}
const read = (lines: ReadonlyArray<string>) => lines.map((line) => JSON.parse(line) as Line)

describe("a flood of attempts", () => {
  const failuresPerMinute = 600
  const refused = Exit.fail(new InvalidToken({ reason: "signature" }))
  const accepted: Exit.Exit<CurrentUser["Service"]> = Exit.succeed({
    userId: UserId.make("ada"),
    sessionId: SessionId.make("ada-session"),
    email: Redacted.make("ada@example.com"),
    name: "Ada",
    verification: { kind: "jwt", alg: "EdDSA" }
  })
  const attempt = (exit: typeof refused | typeof accepted, longest = "") => ({
    request: HttpServerRequest.fromWeb(
      new Request("http://localhost/support/chatkit", {
        headers: { "user-agent": longest, "x-forwarded-for": longest }
      })
    ),
    authorization: [`Bearer ${"a".repeat(40)}.${longest}.x`],
    exit,
    milliseconds: 1
  })
  const attempts = (lines: Array<string>) =>
    AuthenticationLog.layer.pipe(
      Layer.provideMerge(LogBudget.layer),
      Layer.merge(captureLogs(lines))
    )

  it.effect("writes so many lines a minute, and then how many were left out", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const log = yield* AuthenticationLog
      for (let i = 0; i < 5000; i++) yield* log.record(attempt(refused))
      assert.strictEqual(lines.length, failuresPerMinute)

      yield* TestClock.adjust("59 seconds")
      yield* log.record(attempt(refused))
      assert.strictEqual(lines.length, failuresPerMinute)

      yield* TestClock.adjust("1 second")
      yield* log.record(attempt(refused))
      const [count, next, ...more] = read(lines.slice(failuresPerMinute))
      assert.deepStrictEqual(more, [])
      assert.deepInclude(count, { message: "log lines left out", level: "WARN" })
      assert.deepInclude(count?.annotations, { budget: "authentication failures", count: 4401 })
      assert.strictEqual(next?.message, "authentication")

      yield* TestClock.adjust("1 minute")
      yield* log.record(attempt(refused))
      assert.strictEqual(lines.length, failuresPerMinute + 3)
    }).pipe(Effect.provide(attempts(lines)))
  })

  it.effect("of bad tokens does not hide a good one", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const log = yield* AuthenticationLog
      for (let i = 0; i < 700; i++) yield* log.record(attempt(refused))
      for (let i = 0; i < 3; i++) yield* log.record(attempt(accepted))
      assert.strictEqual(lines.length, failuresPerMinute + 3)
      assert.include(lines.at(-1), `"outcome":"accepted"`)
    }).pipe(Effect.provide(attempts(lines)))
  })

  it.effect(
    "C9: of bad tokens does not hide a well-signed one of another person, and both are bounded",
    () => {
      const lines: Array<string> = []
      const mismatch = Exit.fail(
        new InvalidToken({ reason: "subject_mismatch", userId: UserId.make("grace") })
      )
      return Effect.gen(function* () {
        const log = yield* AuthenticationLog
        for (let i = 0; i < 700; i++) yield* log.record(attempt(refused))
        yield* log.record(attempt(mismatch))
        assert.strictEqual(lines.length, failuresPerMinute + 1)
        assert.deepInclude(read(lines).at(-1)?.annotations, {
          reason: "subject_mismatch",
          "user.id": "grace"
        })
        for (let i = 0; i < 700; i++) yield* log.record(attempt(mismatch))
        assert.strictEqual(lines.length, 2 * failuresPerMinute)
      }).pipe(Effect.provide(attempts(lines)))
    }
  )

  it.effect("writes at most a mebibyte a minute, whatever its headers are", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const log = yield* AuthenticationLog
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
      const token = `${encode({ alg: "A".repeat(16), kid: "k".repeat(128) })}.${encode({ iss: "i".repeat(256) })}.x`
      const worst = { ...attempt(refused, `"\\`.repeat(4000)), authorization: [`Bearer ${token}`] }
      for (let i = 0; i < 700; i++) yield* log.record(worst)
      assert.strictEqual(lines.length, failuresPerMinute)
      assert.isAtMost(lines.join("\n").length, 1024 * 1024)
    }).pipe(Effect.provide(attempts(lines)))
  })
})
