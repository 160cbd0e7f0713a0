import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema, Stream } from "effect"
import { ofType } from "../../../src/attachments/FileTypes.ts"
import { png } from "../../support/http/UploadForms.ts"

const through = (type: string, ...chunks: ReadonlyArray<Uint8Array | string>) =>
  Stream.fromIterable(chunks).pipe(
    Stream.map((chunk) => Buffer.from(chunk)),
    ofType(type),
    Stream.runCollect,
    Effect.map((passed) => Buffer.concat(passed))
  )

const refused = (type: string, ...chunks: ReadonlyArray<Uint8Array | string>) =>
  Effect.map(Effect.flip(through(type, ...chunks)), ({ problem }) => problem)

const oneByOne = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte))

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0])
const damaged = Buffer.concat([png.subarray(0, 8), Buffer.from("no chunk")])
const zip = Buffer.from("PK\x03\x04".padEnd(40, "\0"))
/** The beginning of a file with this brand (ISO/IEC 14496-12, `ftyp`). */
const branded = (brand: string) =>
  Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}mif1`, "latin1")
const [heic, heif] = [branded("heic"), branded("mif1")]
const office = Buffer.from("d0cf11e0a1b11ae1", "hex")

describe("FileTypes", () => {
  const upTo = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 })))
  const text = Arbitrary.map(Arbitrary.schema(Schema.String), (text) =>
    text.toWellFormed().replaceAll("\0", "")
  )
  it.effect.prop(
    "passes any text for a type of text, wherever it is cut",
    [text, upTo],
    ([text, at]) =>
      Effect.gen(function* () {
        const bytes = Buffer.from(text)
        for (const chunks of [[bytes.subarray(0, at), bytes.subarray(at)], oneByOne(bytes)]) {
          assert.isTrue((yield* through("text/plain", ...chunks)).equals(bytes))
        }
      })
  )

  it.effect("refuses the first byte that is not text for a type of text", () =>
    Effect.gen(function* () {
      for (const type of ["text/csv", "application/json", "application/ld+json", "image/svg+xml"]) {
        yield* through(type, "é")
        yield* refused(type, "a".repeat(9000), "\0")
        yield* refused(type, "a", Uint8Array.of(0xff), "b")
        yield* refused(type, "a", Buffer.from("é").subarray(0, 1))
        yield* refused(type, ...oneByOne(Buffer.from("%PDF-1.7")))
      }
    })
  )

  it.effect("E5: asks for UTF-8 where text has another encoding", () =>
    Effect.gen(function* () {
      for (const bytes of [
        Buffer.from("Größe;Preis\n", "latin1"),
        Buffer.from([0x80, 0x31, 0x0a]),
        Buffer.from("\ufeffGröße\n", "utf16le"),
        Buffer.from("\ufeffGröße\n", "utf16le").swap16(),
        Buffer.from("a,b\n", "utf16le")
      ]) {
        for (const chunks of [[bytes], oneByOne(bytes)]) {
          assert.strictEqual(
            yield* refused("text/csv", ...chunks),
            "The file is not text in UTF-8, as text/csv has to be: save it as UTF-8, then choose it again"
          )
        }
      }
    })
  )

  it.effect("E5: finds the signature of a PDF in the first 1,024 bytes, and no later", () =>
    Effect.gen(function* () {
      const pdf = (before: number) => Buffer.from("\n".repeat(before) + "%PDF-1.7\n")
      for (const before of [0, 2, 1024 - "%PDF-".length]) {
        yield* through("application/pdf", ...oneByOne(pdf(before)))
      }
      for (const [type, bytes] of [
        ["application/pdf", pdf(1025 - "%PDF-".length)],
        ["image/png", pdf(2)],
        // A file of another type that has a PDF in it.
        ["application/pdf", Buffer.concat([zip, pdf(0)])]
      ] as const) {
        yield* refused(type, bytes)
      }
    })
  )

  it.effect("E5: names the type of the file where it is known, and what to do", () =>
    Effect.gen(function* () {
      const renamed = "give its name the right ending, then choose it again"
      for (const [type, bytes, problem] of [
        ["image/png", jpeg, `The file is not of type image/png but image/jpeg: ${renamed}`],
        [
          "text/plain",
          "%PDF-1.7",
          `The file is not of type text/plain but application/pdf: ${renamed}`
        ],
        ["text/csv", "GIF89a,b", `The file is not of type text/csv but image/gif: ${renamed}`],
        [
          "image/png",
          "hello",
          "The file is not of type image/png, or is damaged: choose another one"
        ]
      ] as const) {
        assert.strictEqual(yield* refused(type, bytes), problem)
      }
    })
  )

  it.effect("recognises a type by the first bytes, however few arrive at a time", () =>
    Effect.gen(function* () {
      for (const [type, bytes] of [
        ["image/png", png],
        ["image/png", damaged],
        ["image/jpeg", jpeg],
        ["application/zip", zip],
        ["image/heic", heif],
        ["image/heif", heic],
        ["image/heif", heif],
        ["application/msword", office],
        ["application/vnd.ms-excel", office],
        ["application/vnd.ms-powerpoint", office],
        ["application/octet-stream", png],
        ["application/octet-stream", Buffer.from("anything")],
        ["application/x-of-nobody", Buffer.from("anything")]
      ] as const) {
        assert.isTrue((yield* through(type, ...oneByOne(bytes))).equals(bytes))
        const long = Buffer.concat([bytes, Buffer.alloc(9000)])
        assert.isTrue((yield* through(type, long)).equals(long))
      }
    })
  )

  it.effect("refuses files of another type", () =>
    Effect.gen(function* () {
      for (const [type, bytes] of [
        ["image/png", jpeg],
        ["image/jpeg", png],
        ["image/jpeg", damaged],
        ["image/png", Buffer.from("anything")],
        ["image/png", Buffer.alloc(9000)],
        ["application/pdf", Buffer.from("PDF-1.7")],
        ["application/msword", zip],
        ["application/x-of-nobody", png],
        ["audio/mpeg", office]
      ] as const) {
        yield* refused(type, bytes)
        yield* refused(type, ...oneByOne(bytes))
      }
    })
  )

  it.effect("refuses a file of another type before the rest is read", () =>
    Effect.gen(function* () {
      const endless = Stream.concat(Stream.make(jpeg, Buffer.alloc(5000)), Stream.die("read on"))
      const error = yield* Effect.flip(Stream.runDrain(ofType("image/png")(endless)))
      assert.strictEqual(error._tag, "AttachmentTypeRefused")
    })
  )
})
