import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Prompt } from "effect/ai"
import { attachmentParts } from "../../../../../src/responder/model/prompt/AttachmentParts.ts"
import { chatMessages } from "../../../../../src/responder/model/wires/ChatPrompt.ts"
import { responsesInput } from "../../../../../src/responder/model/wires/ResponsesPrompt.ts"
import { turnWith } from "../../../../support/ScriptedModel.ts"

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"))

/** The first bytes of the pictures that models see. */
const heads: Readonly<Record<string, Uint8Array>> = {
  "image/png": latin1("\x89PNG\r\n\x1a\n"),
  "image/jpeg": latin1("\xff\xd8\xff\xe0"),
  "image/gif": latin1("GIF89a"),
  "image/webp": latin1("RIFF\x10\x20\x30\x40WEBPVP8 ")
}

/** A PNG of this size. */
const mebibytes = (count: number) => {
  const bytes = new Uint8Array(count * 1024 * 1024)
  bytes.set(heads["image/png"]!)
  return bytes
}

const partsFor = (files: Readonly<Record<string, Uint8Array>>) => {
  const partOf = attachmentParts(turnWith(files).turn)
  return (id: string, mime_type: string) => partOf({ id, name: id, mime_type, type: "file" })
}

describe("a file for the model", () => {
  it.effect("is a picture or a PDF as it is", () =>
    Effect.gen(function* () {
      const part = partsFor({ ...heads, "application/pdf": latin1("%PDF-1.7") })
      for (const type of [...Object.keys(heads), "application/pdf"]) {
        const { data, ...rest } = (yield* part(type, type)) as Prompt.FilePartEncoded
        assert.deepStrictEqual<unknown>(rest, { type: "file", mediaType: type, fileName: type })
        assert.strictEqual((data as Uint8Array).length, (heads[type] ?? "%PDF-1.7").length)
      }
    })
  )

  it.effect("is a picture of the type that its bytes have", () =>
    Effect.gen(function* () {
      const part = partsFor({ ...heads, svg: latin1("<svg/>") })
      for (const type of Object.keys(heads)) {
        assert.propertyVal(yield* part(type, "image/png"), "mediaType", type)
      }
      const { text } = (yield* part("svg", "image/png")) as { readonly text: string }
      assert.include(text, "it cannot be read here")
    })
  )

  it.effect("is the beginning of a long text, cut between two characters, on both wires", () =>
    Effect.gen(function* () {
      const bound = 256 * 1024
      // Of four bytes each, and the first comes after one byte.
      const long = new TextEncoder().encode(`x${"😀".repeat(bound / 4)}`)
      const part = yield* partsFor({ a: long })("a", "text/plain")
      const expected = `Attached file a:\nx${"😀".repeat(bound / 4 - 1)}\n[cut: the file is longer]`
      assert.isTrue((part as { readonly text: string }).text === expected)
      const prompt = Prompt.make([{ role: "user", content: [part] }])
      for (const body of [chatMessages(prompt), responsesInput(prompt)]) {
        assert.isTrue(JSON.stringify(body).includes(JSON.stringify(expected)))
      }
      const fitting = yield* partsFor({ a: long.subarray(0, bound - 3) })("a", "text/plain")
      assert.notInclude((fitting as { readonly text: string }).text, "cut:")
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
      const part = partsFor({ a: mebibytes(25) })
      for (const type of ["image/svg+xml", "image/heic", "application/zip"]) {
        const { text } = (yield* part("a", type)) as { readonly text: string }
        assert.strictEqual(text, `[Attached: a (${type}); it cannot be read here]`)
      }
      const gone = (yield* part("b", "image/png")) as { readonly text: string }
      assert.include(gone.text, "it has been removed")
      const large = (yield* part("a", "image/png")) as { readonly text: string }
      assert.include(large.text, "too large")
    })
  )

  it.effect("has room beside the others of the request, or is named only", () =>
    Effect.gen(function* () {
      const part = partsFor({ a: mebibytes(20), b: mebibytes(5), c: mebibytes(4) })
      const types = []
      for (const id of ["a", "b", "c"]) types.push((yield* part(id, "image/png")).type)
      assert.deepStrictEqual(types, ["file", "text", "file"])
      // No byte is left.
      const { text } = (yield* part("a", "text/plain")) as { readonly text: string }
      assert.include(text, "too large")
    })
  )
})
