import { assert, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import { Ages, content } from "../../contracts/AttachmentContent.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"
import { attachment, roomy, userWith } from "../../support/ThreadFixtures.ts"

const AgesMemory = Layer.succeed(Ages, { addDay: () => TestClock.adjust("25 hours") })

layer(Layer.merge(StoresMemory, AgesMemory))("AttachmentContent, in memory", content)

it.effect("an attachment in memory is abandoned once it is older than a day", () =>
  Effect.gen(function* () {
    const { attachments, user } = yield* userWith(0)
    const { removeAbandoned } = yield* AttachmentContent
    yield* attachments.save(user, attachment("atc_1"), roomy)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(yield* removeAbandoned, 0)
    yield* TestClock.adjust("1 millis")
    assert.strictEqual(yield* removeAbandoned, 1)
  }).pipe(Effect.provide(StoresMemory))
)
