import { assert, layer } from "@effect/vitest"
import { ByteSize, Effect } from "effect"
import {
  AttachmentServer,
  put,
  refusalOf,
  uploadUrl
} from "../../../support/http/AttachmentServer.ts"
import { formOf, png } from "../../../support/http/UploadForms.ts"
import { sendBytes } from "../../../support/Client.ts"

const malformed = [
  400,
  "Malformed upload: PUT the bytes, or POST a form with the file in its field `file`"
]
const empty = [400, "The file is empty: choose another one"]
const tooLarge = [413, "The file is larger than the 8 KiB that were announced: choose it again"]
const twice = [409, "This attachment has already been uploaded"]
const unknown = [404, "Attachment not found"]

const limit = 8192

/** How many rows of bytes there are. */
const pieces = Effect.gen(function* () {
  const { exec } = yield* AttachmentServer
  const [row] = yield* exec("select count(*)::int as n from chatkit.attachment_chunks")
  return row?.["n"]
})

const kept = Effect.fnUntraced(function* (id: string) {
  const { exec } = yield* AttachmentServer
  const rows = yield* exec(
    `select bytes from chatkit.attachment_chunks where attachment_id = '${id}' order by n`
  )
  return Buffer.concat(rows.map((row) => row["bytes"] as Uint8Array))
})

const clean = Effect.andThen(AttachmentServer, ({ exec }) =>
  exec("truncate chatkit.attachments, chatkit.attachment_chunks")
)

layer(AttachmentServer.layer({ limit: ByteSize.bytes(limit) }), { excludeTestServices: true })(
  "an upload by link",
  (it) => {
    it.effect("stores the bytes of a PUT and answers the attachment without its descriptor", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create({ name: "é.txt" })
        const answer = yield* put(attachment, "hello", { authorization: "Bearer nonsense" })
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers["content-type"], "application/json")
        assert.strictEqual(
          answer.body.toString(),
          JSON.stringify({
            id: attachment.id,
            name: "é.txt",
            mime_type: "text/plain",
            type: "file"
          })
        )
        assert.strictEqual((yield* kept(attachment.id)).toString(), "hello")
      })
    )

    it.effect("answers the preview of an image", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create({ mime_type: "image/png" })
        const answer = JSON.parse((yield* put(attachment, png)).body.toString())
        assert.deepStrictEqual(Object.keys(answer), [
          "id",
          "name",
          "mime_type",
          "type",
          "preview_url"
        ])
        assert.deepStrictEqual((yield* sendBytes(answer.preview_url, { method: "GET" })).body, png)
      })
    )

    it.effect("stores the field `file` of a POSTed form, whatever else is in it", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create()
        const form = formOf([
          { field: "note", content: "x".repeat(100) },
          { field: "other", filename: "a.bin", content: Buffer.alloc(3000) },
          { field: "file", filename: "a.json", type: "application/json", content: `{"a":"\r\n"}` },
          { field: "last", content: "" },
          { field: "other", filename: "b.bin", content: Buffer.alloc(3000) }
        ])
        const answer = yield* sendBytes(uploadUrl(attachment), { method: "POST", ...form })
        assert.deepStrictEqual(
          [answer.status, Object.keys(JSON.parse(answer.body.toString()))],
          [200, ["id", "name", "mime_type", "type"]]
        )
        assert.strictEqual((yield* kept(attachment.id)).toString(), `{"a":"\r\n"}`)
      })
    )

    it.effect("is malformed without bytes, or when its form cannot be parsed", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        yield* clean
        const attachment = yield* create()
        assert.deepStrictEqual(refusalOf(yield* put(attachment, "")), empty)
        assert.deepStrictEqual(refusalOf(yield* put(attachment, [])), empty)
        const file = { field: "file", filename: "a.txt", content: "hello" }
        const good = formOf([file])
        const forms = [
          formOf([]),
          formOf([{ field: "files", filename: "a.txt", content: "hello" }]),
          formOf([{ field: "file", content: "hello" }]),
          formOf([file, file]),
          formOf([file], ""),
          { ...good, body: good.body.subarray(0, -10) },
          { ...good, body: good.body.subarray(0, -25) },
          { ...good, body: good.body.subarray(0, 40) },
          { ...good, body: Buffer.alloc(0) },
          { ...good, body: Buffer.from("------a-boundary\r\nno header\r\n\r\nx") },
          { ...good, body: Buffer.from("hello") },
          { ...good, headers: { "content-type": "multipart/form-data" } },
          { ...good, headers: { "content-type": "multipart/form-data; boundary=other" } },
          { ...good, headers: { "content-type": "application/json" } },
          { ...good, headers: {} },
          formOf([
            { field: "note", content: "x".repeat(70_000) },
            { ...file, content: "x" }
          ]),
          formOf([...Array.from({ length: 30 }, () => ({ field: "note", content: "x" })), file])
        ]
        for (const [index, form] of forms.entries()) {
          const answer = yield* sendBytes(uploadUrl(attachment), { method: "POST", ...form })
          assert.deepStrictEqual(refusalOf(answer), malformed, `form ${index}`)
        }
        const nothing = formOf([{ ...file, content: "" }])
        const answer = yield* sendBytes(uploadUrl(attachment), { method: "POST", ...nothing })
        assert.deepStrictEqual(refusalOf(answer), empty)
        assert.strictEqual(yield* pieces, 0)
        assert.strictEqual((yield* put(attachment, "hello")).status, 200)
      })
    )

    it.effect("D2: is refused with a byte more than announced, before or while it is read", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        yield* clean
        const attachment = yield* create({ size: 5 })
        const refused = [
          413,
          "The file is larger than the 5 B that were announced: choose it again"
        ]
        const more = formOf([{ field: "file", filename: "a.txt", content: "hello!" }])
        const much = formOf([{ field: "file", filename: "a.txt", content: "x".repeat(200_000) }])
        const link = uploadUrl(attachment)
        for (const answer of [
          yield* put(attachment, "hello!"),
          yield* put(
            attachment,
            ["hel", "lo!"].map((text) => Buffer.from(text))
          ),
          yield* put(attachment, "", { "content-length": "6", expect: "100-continue" }),
          yield* sendBytes(link, { method: "POST", ...more }),
          yield* sendBytes(link, { method: "POST", ...much })
        ]) {
          assert.deepStrictEqual(refusalOf(answer), refused)
        }
        assert.strictEqual(yield* pieces, 0)
        assert.strictEqual((yield* put(attachment, "hello")).status, 200)
      })
    )

    it.effect("E6: is refused when it is said to be a part, and taken as a form all the same", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        yield* clean
        const attachment = yield* create()
        for (const range of ["bytes 0-4/100", "bytes 0-4/5", ""]) {
          const answer = yield* put(attachment, "hello", { "content-range": range })
          assert.deepStrictEqual(refusalOf(answer), [
            400,
            "Content-Range is not supported: PUT the whole file at once"
          ])
        }
        assert.strictEqual(yield* pieces, 0)
        // RFC 9110 §14.4: the header means nothing with another method.
        const form = formOf([{ field: "file", filename: "a.txt", content: "hello" }])
        const headers = { ...form.headers, "content-range": "bytes 0-4/100" }
        const link = uploadUrl(attachment)
        const posted = yield* sendBytes(link, { method: "POST", ...form, headers })
        assert.strictEqual(posted.status, 200)
      })
    )

    it.effect("F11: is accepted up to the limit, and refused with a byte more", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        yield* clean
        const attachment = yield* create()
        const tooMuch = "x".repeat(limit + 1)
        assert.deepStrictEqual(refusalOf(yield* put(attachment, tooMuch)), tooLarge)
        const chunked = [Buffer.from(tooMuch)]
        assert.deepStrictEqual(refusalOf(yield* put(attachment, chunked)), tooLarge)
        const formWith = (content: string) =>
          formOf([{ field: "file", filename: "a.txt", content }])
        const post = (content: string) =>
          sendBytes(uploadUrl(attachment), { method: "POST", ...formWith(content) })
        assert.deepStrictEqual(refusalOf(yield* post(tooMuch)), tooLarge)
        assert.deepStrictEqual(refusalOf(yield* post("x".repeat(200_000))), tooLarge)
        assert.strictEqual(yield* pieces, 0)
        assert.strictEqual((yield* post("x".repeat(limit))).status, 200)
        const other = yield* create()
        assert.strictEqual((yield* put(other, "x".repeat(limit))).status, 200)
      })
    )

    it.effect("is refused by its stated length before it is read", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create()
        const headers = { "content-length": "1000000", expect: "100-continue" }
        const answer = yield* put(attachment, "", headers)
        assert.deepStrictEqual(refusalOf(answer), tooLarge)
        assert.strictEqual(answer.headers["connection"], "close")
      })
    )

    it.effect("is refused when its bytes are of another type, and leaves nothing", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        yield* clean
        const cases: ReadonlyArray<readonly [string, Uint8Array | string]> = [
          ["image/png", "hello"],
          ["image/png", "<svg xmlns='http://www.w3.org/2000/svg'/>"],
          ["image/png", "GIF89a"],
          ["image/jpeg", png],
          ["text/plain", png],
          ["text/plain", "%PDF-1.7 in ASCII"],
          ["text/csv", "GIF89a;a;b"],
          ["application/json", Buffer.from([0x22, 0xff, 0x22])],
          ["text/plain", "a\0b"],
          ["text/plain", Buffer.from("é").subarray(0, 1)],
          ["text/plain", Buffer.concat([Buffer.alloc(5000, "x"), Buffer.from([0xc3, 0x28])])]
        ]
        for (const [mime_type, body] of cases) {
          const attachment = yield* create({ mime_type })
          const { body: refusal, status } = yield* put(attachment, body)
          assert.strictEqual(status, 415)
          assert.include(refusal.toString(), `"The file is not `)
        }
        assert.strictEqual(yield* pieces, 0)
      })
    )

    it.effect("may cut a character of text in two, and begin like another file", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const accent = Buffer.from("é")
        const halves = [accent.subarray(0, 1), accent.subarray(1)]
        assert.strictEqual((yield* put(yield* create(), halves)).status, 200)
        for (const text of ["The free lunch", "BMW", "GIF or PNG?", "\ufeffx", "PARENT,CHILD"]) {
          assert.strictEqual((yield* put(yield* create(), text)).status, 200, text)
        }
      })
    )

    it.effect("E6: is taken once more with the same bytes, and refused with others", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create()
        const first = yield* put(attachment, "first")
        const form = formOf([{ field: "file", filename: "a.txt", content: "first" }])
        for (const again of [
          yield* put(attachment, "first"),
          yield* sendBytes(uploadUrl(attachment), { method: "POST", ...form })
        ]) {
          assert.deepStrictEqual([again.status, again.body], [200, first.body])
        }
        for (const other of ["second", "fir", "", "x".repeat(limit), png]) {
          assert.deepStrictEqual(refusalOf(yield* put(attachment, other)), twice)
        }
        assert.strictEqual((yield* kept(attachment.id)).toString(), "first")
      })
    )

    it.effect("is won by exactly one of many at the same time", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const attachment = yield* create()
        const texts = Array.from({ length: 6 }, (_, i) => `upload ${i}`)
        const answers = yield* Effect.forEach(texts, (text) => put(attachment, text), {
          concurrency: "unbounded"
        })
        const won = answers.flatMap(({ status }, i) => (status === 200 ? [texts[i]] : []))
        assert.strictEqual(won.length, 1)
        for (const answer of answers.filter(({ status }) => status !== 200)) {
          assert.deepStrictEqual(refusalOf(answer), twice)
        }
        assert.strictEqual((yield* kept(attachment.id)).toString(), won[0])
      })
    )

    it.effect("is not found when the attachment is deleted", () =>
      Effect.gen(function* () {
        const { attachments, create } = yield* AttachmentServer
        const attachment = yield* create()
        yield* attachments.delete("ada" as never, attachment.id)
        assert.deepStrictEqual(refusalOf(yield* put(attachment, "hello")), unknown)
      })
    )
  }
)
