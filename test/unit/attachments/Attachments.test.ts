import { assert, describe, it } from "@effect/vitest"
import { ByteSize, Deferred, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { AttachmentContentMemory } from "../../../src/attachments/AttachmentContentMemory.ts"
import { AttachmentLinks } from "../../../src/attachments/AttachmentLinks.ts"
import { AttachmentStoreMemory } from "../../../src/attachments/AttachmentStoreMemory.ts"
import { Attachments } from "../../../src/attachments/Attachments.ts"
import {
  AlreadyUploaded,
  AttachmentTooLarge,
  AttachmentTypeRefused,
  LinkInvalid,
  TooManyAttachments,
  UploadMalformed
} from "../../../src/attachments/Errors.ts"
import { LinkKey } from "../../../src/attachments/LinkKey.ts"
import { everybodyLive } from "../../support/Doubles.ts"
import { at } from "../../support/Requests.ts"
import { NotFound } from "../../../src/core/Errors.ts"
import { Ids } from "../../../src/core/Ids.ts"
import { UserId } from "../../../src/core/User.ts"
import type { Attachment } from "../../../src/protocol/Attachments.ts"
import type { UserMessageItem } from "../../../src/protocol/Items.ts"
import { MemoryTables } from "../../../src/threads/MemoryTables.ts"
import { answer, message } from "../../support/ThreadFixtures.ts"

const limit = 100

const Service = Attachments.layer({
  limit: ByteSize.bytes(limit),
  types: new Set(["text/plain", "image/png"])
}).pipe(
  Layer.provide([AttachmentLinks.layer, Ids.layer]),
  Layer.provide(Layer.succeed(LinkKey, { key: Effect.succeed(Redacted.make("a key")) })),
  Layer.provide(everybodyLive),
  Layer.provide(AttachmentContentMemory),
  Layer.provide(AttachmentStoreMemory),
  Layer.provideMerge(Layer.fresh(MemoryTables.layer))
)

const ada = UserId.make("ada")
const grace = UserId.make("grace")
const notFound = new NotFound({ object: "Attachment" })
const text = { name: "a.txt", mime_type: "text/plain", size: 5 }
const image = { name: "a.png", mime_type: "image/png", size: 5 }

const bytes = (...texts: ReadonlyArray<string>) =>
  Stream.fromIterable(texts.map((text) => Buffer.from(text)))

const uploadLink = ({ id, upload_descriptor }: Attachment) => ({
  attachmentId: id,
  url: upload_descriptor?.url ?? ""
})

const previewLink = (attachment: Attachment) => ({
  attachmentId: attachment.id,
  url: attachment.type === "image" ? attachment.preview_url : ""
})

const rows = Effect.map(MemoryTables, ({ attachments }) => [...attachments.keys()])

describe("creating an attachment", () => {
  it.effect("refuses a file by its stated size and type, and stores nothing then", () =>
    Effect.gen(function* () {
      const { create } = yield* Attachments
      for (const [file, error] of [
        [{ ...text, size: limit + 1 }, new AttachmentTooLarge()],
        [{ ...text, mime_type: "text/html" }, new AttachmentTypeRefused()],
        [{ ...text, mime_type: "" }, new AttachmentTypeRefused()]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(create(ada, file)), error)
      }
      assert.deepStrictEqual(yield* rows, [])
      yield* create(ada, { ...text, size: limit, mime_type: "TEXT/Plain; charset=utf-8" })
      assert.lengthOf(yield* rows, 1)
    }).pipe(Effect.provide(Service))
  )

  it.effect("lets a hundred attachments of one user wait, until one is removed", () =>
    Effect.gen(function* () {
      const { create, remove, uploadDirect } = yield* Attachments
      const first = yield* create(ada, text)
      for (let i = 1; i < 100; i++) yield* create(ada, text)
      const tooMany = new TooManyAttachments()
      const direct = uploadDirect(ada, { ...text, bytes: Stream.die("read") })
      assert.deepStrictEqual(yield* Effect.flip(create(ada, text)), tooMany)
      assert.deepStrictEqual(yield* Effect.flip(direct), tooMany)
      yield* create(grace, text)
      yield* remove(grace, first.id)
      assert.deepStrictEqual(yield* Effect.flip(create(ada, text)), tooMany)
      yield* remove(ada, first.id)
      yield* create(ada, text)
    }).pipe(Effect.provide(Service))
  )

  it.effect("makes links that begin with the address of the request that asks", () =>
    Effect.gen(function* () {
      const { create } = yield* Attachments
      for (const base of ["https://a.example", "http://b.example:8000"]) {
        const attachment = yield* at(base)(create(ada, image))
        for (const { url } of [uploadLink(attachment), previewLink(attachment)]) {
          assert.isTrue(url.startsWith(`${base}/support/attachments/${attachment.id}/`), url)
        }
      }
    }).pipe(Effect.provide(Service))
  )
})

describe("uploading by link", () => {
  it.effect("stores the bytes, and answers the attachment without its descriptor", () =>
    Effect.gen(function* () {
      const { create, upload } = yield* Attachments
      const attachment = yield* create(ada, text)
      const { upload_descriptor: _, ...file } = attachment
      const link = uploadLink(attachment)
      const open = Effect.succeed(bytes("he", "llo"))
      assert.deepStrictEqual(yield* upload(link, open), file)
      assert.deepStrictEqual(yield* Effect.flip(upload(link, open)), new AlreadyUploaded())
    }).pipe(Effect.provide(Service))
  )

  it.effect("opens no body before the link and the attachment are checked", () =>
    Effect.gen(function* () {
      const { create, remove, upload } = yield* Attachments
      const attachment = yield* create(ada, image)
      const link = uploadLink(attachment)
      const refusal = (followed: typeof link) =>
        Effect.flip(upload(followed, Effect.die("the body is opened")))
      const other = yield* create(ada, image)
      for (const invalid of [
        { ...link, url: "" },
        { ...link, url: `${link.url}&` },
        { ...link, attachmentId: other.id },
        { ...link, url: previewLink(attachment).url }
      ]) {
        assert.deepStrictEqual(yield* refusal(invalid), new LinkInvalid())
      }
      yield* remove(ada, attachment.id)
      assert.deepStrictEqual(yield* refusal(link), notFound)
    }).pipe(Effect.provide(Service))
  )

  it.effect("refuses too many bytes, no bytes and bytes of another type; the next may do", () =>
    Effect.gen(function* () {
      const { create, upload } = yield* Attachments
      const link = uploadLink(yield* create(ada, text))
      const fill = "x".repeat(limit)
      for (const [body, error] of [
        [Stream.concat(bytes(fill, "x"), Stream.die("read on")), new AttachmentTooLarge()],
        [bytes(), new UploadMalformed()],
        [bytes("", ""), new UploadMalformed()],
        [bytes("a\0b"), new AttachmentTypeRefused()]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(upload(link, Effect.succeed(body))), error)
      }
      assert.strictEqual(yield* Effect.flip(upload(link, Effect.fail("closed"))), "closed")
      const broken = Stream.concat(bytes("x"), Stream.fail("broken"))
      assert.strictEqual(yield* Effect.flip(upload(link, Effect.succeed(broken))), "broken")
      yield* upload(link, Effect.succeed(bytes(fill)))
    }).pipe(Effect.provide(Service))
  )
})

/** The first bytes of a PNG image. */
const png = Buffer.from("89504e470d0a1a0a", "hex")

describe("a direct upload", () => {
  it.effect("creates an attachment with the size of its bytes, to be read by its link", () =>
    Effect.gen(function* () {
      const { read, uploadDirect } = yield* Attachments
      const file = { name: "a.png", mime_type: "image/png", bytes: Stream.make(png, png) }
      const attachment = yield* uploadDirect(ada, file)
      assert.notProperty(attachment, "upload_descriptor")
      const content = yield* read(previewLink(attachment))
      const size = 2 * png.length
      assert.deepStrictEqual([content.length, content.attachment.size], [size, size])
      assert.isTrue(content.attachment.uploaded)
      const invalid = { ...previewLink(attachment), attachmentId: "atc_other" }
      assert.deepStrictEqual(yield* Effect.flip(read(invalid)), new LinkInvalid())
    }).pipe(Effect.provide(Service))
  )

  it.effect("leaves nothing behind when it is refused, breaks off or is interrupted", () =>
    Effect.gen(function* () {
      const { uploadDirect } = yield* Attachments
      const direct = <E>(body: Stream.Stream<Uint8Array, E>, mime_type = "text/plain") =>
        uploadDirect(ada, { name: "a", mime_type, bytes: body })
      for (const [upload, error] of [
        [direct(Stream.die("read"), "text/html"), new AttachmentTypeRefused()],
        [direct(bytes("hello"), "image/png"), new AttachmentTypeRefused()],
        [direct(bytes("x".repeat(limit + 1))), new AttachmentTooLarge()],
        [direct(bytes()), new UploadMalformed()],
        [direct(Stream.concat(bytes("x"), Stream.fail("broken"))), "broken"]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(upload), error)
        assert.deepStrictEqual(yield* rows, [])
      }
      const begun = yield* Deferred.make<void>()
      const endless = Stream.fromEffect(
        Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
      )
      const uploading = yield* Effect.forkChild(direct(Stream.concat(bytes("x"), endless)))
      yield* Deferred.await(begun)
      assert.lengthOf(yield* rows, 1)
      yield* Fiber.interrupt(uploading)
      assert.deepStrictEqual(yield* rows, [])
    }).pipe(Effect.provide(Service))
  )
})

describe("attachments in messages", () => {
  it.effect("come in the order asked for, with the thread they will be in", () =>
    Effect.gen(function* () {
      const { create, forMessage } = yield* Attachments
      const [file, picture] = [yield* create(ada, text), yield* create(ada, image)]
      assert.deepStrictEqual(yield* forMessage(ada, "thr_1", [picture.id, file.id]), [
        { ...picture, thread_id: "thr_1" },
        { ...file, thread_id: "thr_1" }
      ])
      assert.deepStrictEqual(yield* forMessage(ada, "thr_1", []), [])
      assert.deepStrictEqual(yield* Effect.flip(forMessage(grace, "thr_1", [file.id])), notFound)
    }).pipe(Effect.provide(Service))
  )

  it.effect("get fresh previews when the message is sent; other items stay as they are", () =>
    Effect.gen(function* () {
      const { create, withLinks } = yield* Attachments
      const { upload_descriptor: _, ...picture } = yield* create(ada, image)
      assert(picture.type === "image")
      const plain = [message("thr_1", "msg_1"), answer("thr_1", "msg_2")]
      assert.strictEqual(yield* withLinks(ada, plain), plain)
      const stored: UserMessageItem = {
        ...message("thr_1", "msg_3"),
        attachments: [{ ...picture, preview_url: "" }]
      }
      const items = yield* withLinks(ada, [...plain, stored])
      assert.deepStrictEqual(items, [...plain, { ...stored, attachments: [picture] }])
    }).pipe(Effect.provide(Service))
  )
})
