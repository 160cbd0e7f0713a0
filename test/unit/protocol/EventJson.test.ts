import { assert, describe, it } from "@effect/vitest"
import { eventJson } from "../../../src/protocol/EventJson.ts"

const image = { id: "i", url: "u" }
const imageUpdated = (progress?: number) =>
  eventJson({
    type: "thread.item.updated",
    item_id: "m",
    update: {
      type: "generated_image.updated",
      image,
      ...(progress === undefined ? {} : { progress })
    }
  })
const imageJson = (progress: string) =>
  '{"type":"thread.item.updated","item_id":"m","update":{"type":"generated_image.updated",' +
  `"image":{"id":"i","url":"u"}${progress}}}`

describe("eventJson", () => {
  it.each([
    [0, "0.0"],
    [1, "1.0"],
    [-2, "-2.0"],
    [0.5, "0.5"],
    [999_999_999_999_999, "999999999999999.0"],
    [1e15, "1000000000000000"],
    [1e21, "1e+21"]
  ] as const)("writes the progress %d as %s", (progress, expected) => {
    assert.strictEqual(imageUpdated(progress), imageJson(`,"progress":${expected}`))
  })

  it("leaves out a progress that is missing", () => {
    assert.strictEqual(imageUpdated(), imageJson(""))
  })

  it("writes integers of other events without a fraction", () => {
    assert.strictEqual(
      eventJson({
        type: "thread.item.updated",
        item_id: "m",
        update: {
          type: "assistant_message.content_part.text_delta",
          content_index: 0,
          delta: "a\nb"
        }
      }),
      '{"type":"thread.item.updated","item_id":"m","update":' +
        '{"type":"assistant_message.content_part.text_delta","content_index":0,"delta":"a\\nb"}}'
    )
  })

  it("writes an event on one line", () => {
    const text = eventJson({ type: "progress_update", text: "one\r\ntwo\n" })
    assert.strictEqual(text, '{"type":"progress_update","text":"one\\r\\ntwo\\n"}')
  })
})
