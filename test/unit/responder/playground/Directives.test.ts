import { assert, describe, it } from "@effect/vitest"
import { directives } from "../../../../src/responder/playground/Directives.ts"

describe("directives", () => {
  it("are listed by /help in this order", () => {
    assert.deepStrictEqual(
      Object.entries(directives).map(([name, { usage }]) => `${name} ${usage}`.trimEnd()),
      [
        "say TEXT",
        "partial TEXT",
        "pause",
        "progress ICON|TEXT",
        "notice LEVEL|MESSAGE|TITLE",
        "effect NAME|JSON",
        "tool NAME|JSON",
        "hidden TEXT",
        "widget TEXT",
        "widget_stream",
        "workflow",
        "task TITLE",
        "structured",
        "image",
        "annotate TEXT",
        "end_of_turn",
        "remove",
        "replace TEXT",
        "title TITLE",
        "status KIND|REASON",
        "domains A,B",
        "meta KEY|VALUE",
        "error_event MESSAGE",
        "raise MESSAGE",
        "raise_stream_error",
        "raise_custom_error MESSAGE|retry"
      ]
    )
  })
})
