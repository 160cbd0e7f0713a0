import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ThreadItem } from "../../../src/protocol/Items.ts"
import type { AssistantMessageUpdate } from "../../../src/protocol/ItemUpdates.ts"
import { begun, grown, type GrowingItem } from "../../../src/turns/GrowingItem.ts"
import { mostBytes } from "../../../src/threads/ThreadStore.ts"
import { answer } from "../../support/ThreadFixtures.ts"

const delta = (text: string, content_index = 0): AssistantMessageUpdate => ({
  type: "assistant_message.content_part.text_delta",
  content_index,
  delta: text
})

const part = (text: string) => ({ annotations: [], text, type: "output_text" as const })

const updates: ReadonlyArray<AssistantMessageUpdate> = [
  delta("word"),
  delta("\u0001".repeat(500)),
  delta("é🙂"),
  delta("\ud800"),
  delta("far away", 70),
  delta("farther away", 10_000),
  { type: "assistant_message.content_part.done", content_index: 1, content: part("é".repeat(50)) }
]

const success = (growth: Result.Result<GrowingItem, unknown>) => {
  assert(Result.isSuccess(growth))
  return growth.success
}

const bytesOf = (item: ThreadItem) => Buffer.byteLength(JSON.stringify(item))

describe("D4: an item that grows", () => {
  it("is never larger than is thought, whatever it grows by", () => {
    let growing = success(begun(answer("thr", "m", "")))
    for (const update of [...updates, ...updates.toReversed()]) {
      growing = success(grown(growing, update))
      assert.isAtMost(bytesOf(growing.item), growing.atMost)
    }
  })

  it("may have the last byte that can be stored, and no more", () => {
    const bare = bytesOf(answer("thr", "m", ""))
    const room = mostBytes - bare
    const almost = success(begun(answer("thr", "m", "x".repeat(room - 10))))
    const full = success(grown(almost, delta("0123456789")))
    assert.strictEqual(bytesOf(full.item), mostBytes)
    assert.isTrue(Result.isFailure(grown(full, delta("x"))))
    assert.isTrue(Result.isFailure(begun(answer("thr", "m", "x".repeat(room + 1)))))
    assert.isTrue(Result.isFailure(begun(answer("thr", "m", "é".repeat(room / 2 + 1)))))
  })
})
