import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import { DbUnavailable, NotFound } from "../../../src/core/Errors.ts"
import { AttachmentSweep } from "../../../src/attachments/Sweep.ts"
import { Ids } from "../../../src/core/Ids.ts"
import { AttachmentsPlain } from "../../support/ChatKitService.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"

/** One result of a sweep after the other. */
const sweeping = (results: ReadonlyArray<Effect.Effect<number, DbUnavailable>>) => {
  const seen = { sweeps: 0 }
  const notFound = new NotFound({ object: "Attachment" })
  const content = Layer.succeed(AttachmentContent, {
    write: () => notFound,
    read: () => notFound,
    uploaded: () => Effect.succeed(new Set()),
    removeAbandoned: Effect.suspend(() => results[seen.sweeps++] ?? Effect.succeed(0))
  })
  const layer = AttachmentsPlain.pipe(
    Layer.provide(content),
    Layer.provide([StoresMemory, Ids.layer])
  )
  return { seen, layer }
}

describe("AttachmentSweep", () => {
  it.effect("sweeps a minute after the start and once an hour from then on", () =>
    Effect.gen(function* () {
      const { layer, seen } = sweeping([])
      yield* Layer.build(AttachmentSweep.pipe(Layer.provide(layer)))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(seen.sweeps, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(seen.sweeps, 1)
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(seen.sweeps, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(seen.sweeps, 2)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(seen.sweeps, 4)
    })
  )

  it.effect("goes on after failures, and logs how much it removed", () => {
    const logs: Array<string> = []
    const { layer, seen } = sweeping([
      new DbUnavailable({ operation: "test" }),
      Effect.die(new Error("broken")),
      Effect.succeed(3),
      Effect.succeed(0)
    ])
    return Effect.gen(function* () {
      yield* Layer.build(AttachmentSweep.pipe(Layer.provide(layer)))
      yield* TestClock.adjust("3 hours")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(seen.sweeps, 4)
      const lines = logs.map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        lines.map(({ annotations, level }) => [level, annotations]),
        [
          ["ERROR", {}],
          ["INFO", { count: 3 }]
        ]
      )
      assert.include(logs[0], "broken")
    }).pipe(Effect.provide(captureLogs(logs)))
  })
})
