import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { CustomStreamError, StreamError } from "../../../src/responder/StreamErrors.ts"
import { TurnLost } from "../../../src/threads/Errors.ts"
import { failureEvent } from "../../../src/turns/TurnFailure.ts"
import { captureLogs } from "../../support/Doubles.ts"

interface Line {
  readonly level: string
  readonly message: string
  readonly cause?: string
  readonly annotations: Record<string, unknown>
}

/** The event for a failure, and what is logged of it. */
const toldOf = Effect.fnUntraced(function* (failure: unknown, isThere = true) {
  const lines: Array<string> = []
  const event = yield* failureEvent(Cause.fail(failure), Effect.succeed(isThere)).pipe(
    Effect.provide(captureLogs(lines))
  )
  return { event, logged: lines.map((line) => JSON.parse(line) as Line) }
})

describe("the failure of a turn", () => {
  for (const failure of [
    new CustomStreamError({ message: "Ask later", allow_retry: true }),
    new StreamError({ code: "stream.error", allow_retry: false })
  ]) {
    it.effect(`that the responder chose words for is a warning: ${failure._tag}`, () =>
      Effect.gen(function* () {
        const { logged } = yield* toldOf(failure)
        assert.strictEqual(logged.length, 1)
        assert.include(logged[0], { level: "WARN", message: "turn refused" })
        assert.deepStrictEqual(logged[0]?.annotations, { failure: failure._tag })
      })
    )
  }

  it.effect("of any other kind is an error, with its cause", () =>
    Effect.gen(function* () {
      const { event, logged } = yield* toldOf(new Error("the model is gone"))
      assert.deepStrictEqual(event, { type: "error", code: "stream.error", allow_retry: true })
      assert.strictEqual(logged[0]?.level, "ERROR")
      assert.include(JSON.stringify(logged), "the model is gone")
    })
  )

  it.effect("that lost its thread offers a retry only while the thread exists", () =>
    Effect.gen(function* () {
      const lost = yield* toldOf(new TurnLost())
      assert.deepStrictEqual(lost.event, { type: "error", code: "stream.error", allow_retry: true })
      assert.include(lost.logged[0], {
        level: "WARN",
        message: "turn lost: no sign of life reached the database"
      })
      const deleted = yield* toldOf(new TurnLost(), false)
      assert.deepStrictEqual(deleted, {
        event: {
          type: "error",
          code: "custom",
          message: "This thread was deleted",
          allow_retry: false
        },
        logged: []
      })
    })
  )
})
