import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Logger, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { jsonLogger } from "../../../src/telemetry/JsonLogger.ts"

/** The same lines, as our logger and as the platform's write them. */
const bothOf = Effect.fnUntraced(function* (log: Effect.Effect<void>) {
  const [ours, theirs]: [Array<string>, Array<string>] = [[], []]
  const loggers = Logger.layer([
    Logger.map(jsonLogger, (line) => void ours.push(line)),
    Logger.map(Logger.formatJson, (line) => void theirs.push(line))
  ])
  yield* Effect.provide(log, loggers)
  return { ours, theirs }
})

const assertSame = Effect.fnUntraced(function* (log: Effect.Effect<void>, count = 1) {
  const { ours, theirs } = yield* bothOf(log)
  assert.lengthOf(theirs, count)
  assert.deepStrictEqual(ours, theirs)
  for (const line of ours) assert.notInclude(line, "\n")
  return ours
})

const annotated = (annotations: Record<string, unknown>) =>
  Effect.annotateLogs(Effect.logInfo("a line"), annotations)

describe("a line of the log", () => {
  it.effect("has its message, level, time and annotations, in this order", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_795_330_900_123)
      const annotations = { "user.id": "ada", accepted: true, duration_ms: 1.5 }
      const [line] = yield* assertSame(
        Effect.annotateLogs(Effect.logWarning("authentication"), annotations)
      )
      assert.strictEqual(
        line!.replace(/#\d+/, "#1"),
        `{"message":"authentication","level":"WARN","timestamp":"2026-11-22T07:01:40.123Z",` +
          `"annotations":{"user.id":"ada","accepted":true,"duration_ms":1.5},"spans":{},"fiberId":"#1"}`
      )
    })
  )

  it.effect("is the platform's own at every level", () =>
    assertSame(
      Effect.all(
        [
          Effect.log("log"),
          Effect.logFatal("fatal"),
          Effect.logError("error"),
          Effect.logWarning("warning"),
          Effect.logInfo("info")
        ],
        { discard: true }
      ),
      5
    )
  )

  it.effect.each<readonly [string, ReadonlyArray<unknown>]>([
    ["no message", []],
    ["an empty one", [""]],
    ["two", ["one", "two"]],
    ["one that has to be escaped", ['"\\\n\r\t\u0000\u2028\ud800 é😀']],
    ["a number", [7]],
    ["no number", [NaN]],
    ["nothing", [undefined]],
    ["null", [null]],
    ["an object", [{ a: 1, b: { c: [undefined, NaN, 2n] } }]],
    ["a list", [["a", "b"]]],
    ["a list of one", [["a"]]],
    ["a secret", [Redacted.make("hunter2")]],
    ["an error", [new Error("broken")]],
    ["a text and an error", ["broken", new Error("broken")]],
    ["a cause", [Cause.die(new Error("broken"))]],
    ["a text and a cause", ["broken", Cause.fail("broken")]],
    ["a text and an empty cause", ["broken", Cause.empty]]
  ])("is the platform's own with %s for a message", ([, messages]) =>
    Effect.gen(function* () {
      for (const log of [Effect.logInfo, Effect.logError]) {
        const [line] = yield* assertSame(log(...messages))
        assert.notInclude(line!, "hunter2")
      }
    })
  )

  it.effect.each<readonly [string, unknown]>([
    ["a text", "ada"],
    ["an empty text", ""],
    ["zero", 0],
    ["minus zero", -0],
    ["a very large number", 1e300],
    ["a boolean", false],
    ["nothing", undefined],
    ["null", null],
    ["no number", NaN],
    ["infinity", -Infinity],
    ["a large integer", 12345678901234567890n],
    ["a symbol", Symbol("a")],
    ["a function", () => "a"],
    ["a date", new Date(0)],
    ["an object", { a: { b: [1, undefined, null] } }],
    ["a list", ["a", 1, undefined]],
    ["a map", new Map([["a", 1]])],
    ["an error", new Error("broken")],
    ["a secret", Redacted.make("hunter2")],
    ["an object with a secret in it", { a: [Redacted.make("hunter2")] }],
    ["what says itself how it is written", { toJSON: () => ({ a: 1 }) }]
  ])("is the platform's own with %s for an annotation", ([, value]) =>
    Effect.gen(function* () {
      const [line] = yield* assertSame(annotated({ before: "a", value, after: 1 }))
      assert.notInclude(line!, "hunter2")
    })
  )

  it.effect("is the platform's own with annotations of any name", () =>
    Effect.forEach(
      ["__proto__", "constructor", "toJSON", "toString", "", "0", "message", 'a"b\n', "\u2028"],
      (name) => assertSame(annotated({ z: 1, [name]: "a value", 7: true, a: 2 }))
    )
  )

  it.effect("is the platform's own within spans", () =>
    Effect.gen(function* () {
      const [line] = yield* assertSame(
        Effect.logInfo("a line").pipe(
          Effect.andThen(TestClock.adjust(250)),
          Effect.andThen(Effect.logInfo("later")),
          Effect.withLogSpan("inner"),
          Effect.withLogSpan("outer")
        ),
        2
      )
      assert.include(line!, `"inner"`)
    })
  )

  it.effect.prop(
    "is the platform's own, whatever it says",
    [Arbitrary.schema(Schema.String), Arbitrary.schema(Schema.Record(Schema.String, Schema.Json))],
    ([message, annotations]) =>
      assertSame(Effect.annotateLogs(Effect.logInfo(message), annotations)),
    { arbitrary: { runs: 300 } }
  )
})
