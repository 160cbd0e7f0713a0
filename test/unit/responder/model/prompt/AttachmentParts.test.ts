import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { attachmentParts } from "../../../../../src/responder/model/prompt/AttachmentParts.ts"
import { turnWith } from "../../../../support/ScriptedModel.ts"

const mebibytes = (count: number) => new Uint8Array(count * 1024 * 1024)

const partsFor = (files: Readonly<Record<string, Uint8Array>>) => {
  const partOf = attachmentParts(turnWith(files).turn)
  return (id: string, mime_type: string) => partOf({ id, name: id, mime_type, type: "file" })
}

describe("a file for the model", () => {
  it.effect("is a picture or a PDF as it is", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array([1, 2, 3, 4, 5])
      const part = partsFor({ a: bytes })
      for (const type of ["image/png", "image/webp", "application/pdf"]) {
        const expected = { type: "file", mediaType: type, fileName: "a", data: bytes }
        assert.deepStrictEqual<unknown>(yield* part("a", type), expected)
      }
    })
  )

  it.effect("is its text, where it has one", () =>
    Effect.gen(function* () {
      const part = partsFor({ a: new TextEncoder().encode("grüße") })
      for (const type of ["text/plain; charset=utf-8", "application/json", "application/xml"]) {
        const expected = { type: "text", text: "Attached file a:\ngrüße" }
        assert.deepStrictEqual<unknown>(yield* part("a", type), expected)
      }
    })
  )

  it.effect("is named only, where models cannot see it, or it is gone", () =>
    Effect.gen(function* () {
      const part = partsFor({ a: mebibytes(1) })
      for (const type of ["image/svg+xml", "image/heic", "application/zip"]) {
        const { text } = (yield* part("a", type)) as { readonly text: string }
        assert.strictEqual(text, `[Attached: a (${type}); it cannot be read here]`)
      }
      const gone = (yield* part("b", "image/png")) as { readonly text: string }
      assert.include(gone.text, "it has been removed")
      const long = (yield* part("a", "text/plain")) as { readonly text: string }
      assert.include(long.text, "too large")
    })
  )

  it.effect("has room beside the others of the request, or is named only", () =>
    Effect.gen(function* () {
      const part = partsFor({ a: mebibytes(20), b: mebibytes(5), c: mebibytes(4) })
      const types = []
      for (const id of ["a", "b", "c"]) types.push((yield* part(id, "image/png")).type)
      assert.deepStrictEqual(types, ["file", "text", "file"])
    })
  )
})
