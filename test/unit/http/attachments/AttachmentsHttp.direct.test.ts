import { assert, layer } from "@effect/vitest"
import { ByteSize, Effect } from "effect"
import type { Attachment } from "../../../../src/protocol/Attachments.ts"
import { ada, AttachmentServer, refusalOf } from "../../../support/http/AttachmentServer.ts"
import { formOf, type Part, png } from "../../../support/http/UploadForms.ts"
import { sendBytes } from "../../../support/Client.ts"

const limit = 8192
const bytesPerUser = 2 * limit

const post = Effect.fnUntraced(function* (
  form: ReturnType<typeof formOf>,
  headers: Record<string, string> = { authorization: "Bearer ada" }
) {
  const { url } = yield* AttachmentServer
  return yield* sendBytes(`${url}/support/attachments`, {
    method: "POST",
    body: form.body,
    headers: { ...form.headers, ...headers }
  })
})

const fileOf = (file: Partial<Part> = {}) =>
  formOf(
    [
      { field: "file", filename: "a.png", type: "image/png", content: png },
      { field: "note", content: "x" }
    ].map((part, i) => (i === 0 ? { ...part, ...file } : part))
  )

const rows = Effect.gen(function* () {
  const { exec } = yield* AttachmentServer
  const [row] = yield* exec(`
    select (select count(*)::int from chatkit.attachments) as attachments,
      (select count(*)::int from chatkit.attachment_chunks) as pieces`)
  return row
})

layer(
  AttachmentServer.layer({
    limit: ByteSize.bytes(limit),
    bytesPerUser: ByteSize.bytes(bytesPerUser)
  }),
  { excludeTestServices: true }
)("a direct upload over HTTP", (it) => {
  it.effect("creates the attachment and stores its bytes", () =>
    Effect.gen(function* () {
      const answer = yield* post(fileOf({ filename: "Übersicht 👍.png" }))
      assert.strictEqual(answer.status, 200, answer.body.toString())
      const attachment: Attachment = JSON.parse(answer.body.toString())
      assert.deepStrictEqual(Object.keys(attachment), [
        "id",
        "name",
        "mime_type",
        "type",
        "preview_url"
      ])
      assert.match(attachment.id, /^atc_[0-9a-f]{32}$/)
      assert(attachment.type === "image")
      assert.deepStrictEqual(
        (yield* sendBytes(attachment.preview_url, { method: "GET" })).body,
        png
      )
      const { attachments } = yield* AttachmentServer
      const [record] = yield* attachments.load("ada" as never, [attachment.id])
      assert.deepStrictEqual(record, {
        id: attachment.id,
        name: "Übersicht 👍.png",
        mime_type: "image/png",
        size: png.length,
        metadata: {},
        uploaded: true
      })
    })
  )

  it.effect("is refused without a token", () =>
    Effect.gen(function* () {
      const before = yield* rows
      const answer = yield* post(fileOf(), {})
      assert.deepStrictEqual(refusalOf(answer), [401, "Invalid or expired JWT token"])
      assert.deepStrictEqual(yield* rows, before)
    })
  )

  it.effect("leaves nothing behind when it is refused", () =>
    Effect.gen(function* () {
      const { exec } = yield* AttachmentServer
      yield* exec("truncate chatkit.attachments, chatkit.attachment_chunks")
      const good = fileOf()
      for (const [form, status] of [
        [fileOf({ filename: "a.jpg", type: "image/jpeg" }), 415],
        [fileOf({ type: "text/plain" }), 415],
        [fileOf({ content: "no image" }), 415],
        [formOf([{ field: "file", filename: "a", content: png }]), 415],
        [fileOf({ content: Buffer.concat([png, Buffer.alloc(limit)]) }), 413],
        [fileOf({ content: Buffer.concat([png, Buffer.alloc(limit * 20)]) }), 413],
        [fileOf({ content: "" }), 400],
        [fileOf({ filename: "x".repeat(256) }), 400],
        [fileOf({ field: "files" }), 400],
        [{ ...good, body: good.body.subarray(0, -10) }, 400],
        [{ ...good, headers: { "content-type": "application/json" } }, 400]
      ] as const) {
        assert.strictEqual((yield* post(form)).status, status)
        assert.deepStrictEqual(yield* rows, { attachments: 0, pieces: 0 })
      }
    })
  )

  it.effect("D2: is refused, in words, by its name's length and where there is no room", () =>
    Effect.gen(function* () {
      const { create, exec } = yield* AttachmentServer
      yield* exec("truncate chatkit.attachments, chatkit.attachment_chunks")
      const long = yield* post(fileOf({ filename: "x".repeat(256) }))
      assert.deepStrictEqual(refusalOf(long), [
        400,
        "The file's name is longer than 255 characters: give it a shorter one"
      ])
      assert.strictEqual((yield* post(fileOf({ filename: `${"x".repeat(251)}.png` }))).status, 200)
      // Less room than one file may have, and enough for the form as it is.
      yield* create({ size: bytesPerUser - 2_000 })
      assert.strictEqual((yield* post(fileOf())).status, 200)
      const waiting = yield* create({ size: 1_700 })
      const full = [
        413,
        "There is no room for this file: yours may have 16 KiB together. Delete files, or threads with files, first"
      ]
      assert.deepStrictEqual(refusalOf(yield* post(fileOf())), full)
      const { attachments } = yield* AttachmentServer
      yield* attachments.delete(ada, waiting.id)
      assert.strictEqual((yield* post(fileOf())).status, 200)
    })
  )

  it.effect("E5: takes the type of the name's ending where a general one is stated", () =>
    Effect.gen(function* () {
      const { exec } = yield* AttachmentServer
      yield* exec("truncate chatkit.attachments, chatkit.attachment_chunks")
      for (const [filename, type] of [
        ["a.png", "application/octet-stream"],
        ["a.PNG", "image/x-png"]
      ] as const) {
        const { body, status } = yield* post(fileOf({ filename, type }))
        assert.strictEqual(status, 200)
        assert.include(JSON.parse(body.toString()), { mime_type: "image/png", type: "image" })
      }
      const refused = yield* post(fileOf({ filename: "a.zip", type: "application/zip" }))
      assert.deepStrictEqual(refusalOf(refused), [
        415,
        "Files of type application/zip cannot be attached: choose one of type image/png, text/plain"
      ])
    })
  )

  it.effect("is refused while a hundred other attachments wait", () =>
    Effect.gen(function* () {
      const { create, exec } = yield* AttachmentServer
      yield* exec("truncate chatkit.attachments, chatkit.attachment_chunks")
      yield* Effect.forEach(Array.from({ length: 100 }), () => create())
      const before = yield* rows
      const answer = yield* post(fileOf())
      assert.deepStrictEqual(refusalOf(answer), [
        429,
        "Too many unsent attachments: send or delete some first"
      ])
      assert.deepStrictEqual(yield* rows, before)
    })
  )
})
