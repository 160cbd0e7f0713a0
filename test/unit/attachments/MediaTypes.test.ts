import { assert, describe, it } from "@effect/vitest"
import { isText, mediaTypeOf } from "../../../src/attachments/MediaTypes.ts"

describe("a media type", () => {
  it("is read in lower case and without parameters", () => {
    for (const mime of ["text/csv", " Text/CSV ", "text/csv;charset=utf-8;header=present"]) {
      assert.strictEqual(mediaTypeOf(mime), "text/csv")
    }
    assert.strictEqual(mediaTypeOf(""), "")
  })

  it("is one of text by its kind, or as JSON and XML", () => {
    for (const type of ["text/plain", "application/json", "application/ld+json", "image/svg+xml"]) {
      assert.isTrue(isText(type), type)
    }
    for (const type of [
      "application/xml-dtd",
      "application/jsonp",
      "application/x-json",
      "audio/text/"
    ]) {
      assert.isFalse(isText(type), type)
    }
  })
})
