import { assert, describe, it } from "@effect/vitest"
import { ByteSize, Deferred, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { AttachmentContentMemory } from "../../../src/attachments/AttachmentContentMemory.ts"
import type { NewFile } from "../../../src/attachments/AttachmentRules.ts"
import { AttachmentLinks } from "../../../src/attachments/AttachmentLinks.ts"
import { AttachmentStoreMemory } from "../../../src/attachments/AttachmentStoreMemory.ts"
import { Attachments } from "../../../src/attachments/Attachments.ts"
import {
  AlreadyUploaded,
  AttachmentEmpty,
  AttachmentNameTooLong,
  AttachmentSpaceFull,
  AttachmentTooLarge,
  LinkInvalid,
  type SizeLimit,
  TooManyAttachments
} from "../../../src/attachments/Errors.ts"
import { LinkKey } from "../../../src/attachments/LinkKey.ts"
import { signLink } from "../../../src/attachments/SignedLinks.ts"
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
const bytesPerUser = 2_000

const Service = Attachments.layer({
  limit: ByteSize.bytes(limit),
  bytesPerUser: ByteSize.bytes(bytesPerUser),
  types: new Set(["text/plain", "text/csv", "image/png", "image/jpeg", "application/vnd.ms-excel"])
}).pipe(
  Layer.provide([AttachmentLinks.layer, Ids.layer]),
  Layer.provideMerge(Layer.succeed(LinkKey, { key: Effect.succeed(Redacted.make("a key")) })),
  Layer.provide(everybodyLive),
  Layer.provide(AttachmentContentMemory),
  Layer.provide(AttachmentStoreMemory),
  Layer.provideMerge(Layer.fresh(MemoryTables.layer))
)

const ada = UserId.make("ada")
const grace = UserId.make("grace")
const notFound = new NotFound({ object: "Attachment" })
const tooLarge = new AttachmentTooLarge({ limit: { bytes: limit, announced: false } })
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
  it.effect("F11: takes a file up to the limit and its type with parameters; stores no other", () =>
    Effect.gen(function* () {
      const { create } = yield* Attachments
      for (const [file, error] of [
        [{ ...text, size: limit + 1 }, tooLarge],
        [{ ...text, size: 0 }, new AttachmentEmpty()],
        [{ ...text, name: "x".repeat(256) }, new AttachmentNameTooLong()]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(create(ada, file)), error)
      }
      assert.deepStrictEqual(yield* rows, [])
      const file = { name: "x".repeat(255), size: limit, mime_type: "TEXT/Plain; charset=utf-8" }
      assert.strictEqual((yield* create(ada, file)).mime_type, "text/plain")
      assert.lengthOf(yield* rows, 1)
    }).pipe(Effect.provide(Service))
  )

  it.effect("E5: takes the ending's type for a general, wrong or missing one", () =>
    Effect.gen(function* () {
      const { create } = yield* Attachments
      for (const [name, mime_type, taken] of [
        ["a.txt", "", "text/plain"],
        ["a.b.TXT", "application/octet-stream", "text/plain"],
        ["a.csv", "application/vnd.ms-excel", "text/csv"],
        ["a.csv", "text/plain", "text/plain"],
        ["a.xls", "application/vnd.ms-excel", "application/vnd.ms-excel"],
        ["table", "application/vnd.ms-excel", "application/vnd.ms-excel"],
        ["a.jpg", "image/jpg", "image/jpeg"],
        ["a.jpeg", "text/html", "image/jpeg"],
        ["a.png", "image/jpeg", "image/jpeg"]
      ] as const) {
        const { mime_type: type } = yield* create(ada, { name, mime_type, size: 1 })
        assert.strictEqual(type, taken, `${name} ${mime_type}`)
      }
    }).pipe(Effect.provide(Service))
  )

  it.effect("E5: names the type that is refused, and the types that are taken", () =>
    Effect.gen(function* () {
      const { create, uploadDirect } = yield* Attachments
      const taken =
        "choose one of type text/plain, text/csv, image/png, image/jpeg, application/vnd"
      for (const [name, mime_type, named] of [
        ["a.html", "text/html", "type text/html"],
        ["a.html", "", "this type"],
        ["a", "application/octet-stream", "type application/octet-stream"],
        ["txt", "", "this type"],
        ["a.", "<b>/evil", "this type"],
        ["a.zip", "application/zip; a=b", "type application/zip"]
      ] as const) {
        const file = { name, mime_type, size: 1 }
        const created = yield* Effect.flip(create(ada, file))
        const direct = uploadDirect(ada, { ...file, bytes: Stream.die("read") })
        assert(created._tag === "AttachmentTypeRefused")
        assert.deepStrictEqual(yield* Effect.flip(direct), created)
        assert.include(created.problem, `Files of ${named} cannot be attached: ${taken}`)
      }
      assert.deepStrictEqual(yield* rows, [])
    }).pipe(Effect.provide(Service))
  )

  it.effect("D2: refuses what would be more than the bytes of one user, until some are gone", () =>
    Effect.gen(function* () {
      const { create, remove, save, uploadDirect } = yield* Attachments
      const large = { ...text, size: limit }
      const first = yield* create(ada, large)
      for (let n = 1; n < bytesPerUser / limit - 1; n++) yield* create(ada, large)
      yield* create(ada, { ...text, size: limit - 1 })
      const full = new AttachmentSpaceFull({ limit: bytesPerUser })
      assert.deepStrictEqual(yield* Effect.flip(create(ada, { ...text, size: 2 })), full)
      const unread = { ...text, size: 2, bytes: Stream.die("read") }
      assert.deepStrictEqual(yield* Effect.flip(uploadDirect(ada, unread)), full)
      // Nobody knows how large it is, so that it may need all that one file may have.
      const unknown = { name: "a.txt", mime_type: "text/plain", bytes: Stream.die("read") }
      assert.deepStrictEqual(yield* Effect.flip(save(ada, unknown)), full)
      yield* create(grace, large)
      yield* create(ada, { ...text, size: 1 })
      yield* remove(ada, first.id)
      yield* create(ada, large)
    }).pipe(Effect.provide(Service))
  )

  it.effect("D2: counts a direct upload by its bytes, once they are there", () =>
    Effect.gen(function* () {
      const { create, uploadDirect } = yield* Attachments
      for (let n = 0; n < 20; n++) {
        yield* uploadDirect(ada, { ...text, size: limit, bytes: bytes("hello") })
      }
      for (let n = 0; n < 19; n++) yield* create(ada, { ...text, size: limit })
      assert.strictEqual(
        (yield* Effect.flip(create(ada, { ...text, size: 1 })))._tag,
        "AttachmentSpaceFull"
      )
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
  it.effect("E6: stores the bytes, and takes the same ones again, but no others", () =>
    Effect.gen(function* () {
      const { create, upload } = yield* Attachments
      const attachment = yield* create(ada, text)
      const { upload_descriptor: _, ...file } = attachment
      const link = uploadLink(attachment)
      const open = (body: ReturnType<typeof bytes>) => () => Effect.succeed(body)
      assert.deepStrictEqual(yield* upload(link, open(bytes("he", "llo"))), file)
      // Stopped by nothing but a comparison: other bytes need not be text.
      const others = upload(link, open(bytes("\0")))
      assert.deepStrictEqual(yield* Effect.flip(others), new AlreadyUploaded())
      assert.deepStrictEqual(yield* upload(link, open(bytes("hell", "o"))), file)
    }).pipe(Effect.provide(Service))
  )

  it.effect("opens no body before the link and the attachment are checked", () =>
    Effect.gen(function* () {
      const { create, remove, upload } = yield* Attachments
      const attachment = yield* create(ada, image)
      const link = uploadLink(attachment)
      const refusal = (followed: typeof link) =>
        Effect.flip(upload(followed, () => Effect.die("the body is opened")))
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

  it.effect("D2: never stores more bytes than were announced; the next upload may do", () =>
    Effect.gen(function* () {
      const { create, upload } = yield* Attachments
      const limits: Array<SizeLimit> = []
      const link = uploadLink(yield* create(ada, text))
      const open = <E>(body: Stream.Stream<Uint8Array, E>) =>
        upload(link, (limit) => {
          limits.push(limit)
          return Effect.succeed(body)
        })
      const announced = { bytes: text.size, announced: true }
      const refusals = [
        [
          Stream.concat(bytes("hello", "!"), Stream.die("read on")),
          new AttachmentTooLarge({ limit: announced })
        ],
        [bytes(), new AttachmentEmpty()],
        [bytes("", ""), new AttachmentEmpty()],
        [Stream.concat(bytes("x"), Stream.fail("broken")), "broken"]
      ] as const
      for (const [body, error] of refusals) {
        assert.deepStrictEqual(yield* Effect.flip(open(body)), error)
      }
      assert.strictEqual((yield* Effect.flip(open(bytes("a\0b"))))._tag, "AttachmentTypeRefused")
      const closed = upload(link, () => Effect.fail("closed"))
      assert.strictEqual(yield* Effect.flip(closed), "closed")
      yield* open(bytes("hello"))
      assert.deepStrictEqual(limits[0], announced)
      assert.strictEqual(new Set(limits.map(({ bytes }) => bytes)).size, 1)
    }).pipe(Effect.provide(Service))
  )

  it.effect("F10: a stranger finds nothing, whether the attachment waits or is uploaded", () =>
    Effect.gen(function* () {
      const { create, readOwn, upload } = yield* Attachments
      const { key } = yield* LinkKey
      const waiting = yield* create(ada, text)
      const uploaded = yield* create(ada, text)
      yield* upload(uploadLink(uploaded), () => Effect.succeed(bytes("hello")))
      const permit = { purpose: "upload", userId: grace, sessionId: undefined } as const
      const secret = yield* key
      for (const attachmentId of [waiting.id, uploaded.id, "atc_unknown"]) {
        const url = signLink("http://localhost", secret, {
          ...permit,
          attachmentId,
          expires: 4_000_000_000
        })
        const open = () => Effect.die("the body is opened")
        assert.deepStrictEqual(yield* Effect.flip(upload({ attachmentId, url }, open)), notFound)
        assert.deepStrictEqual(yield* Effect.flip(readOwn(grace, attachmentId)), notFound)
      }
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
      const direct = <E>(body: Stream.Stream<Uint8Array, E>, file: Partial<NewFile> = {}) =>
        uploadDirect(ada, { name: "a", mime_type: "text/plain", ...file, bytes: body })
      for (const [upload, error] of [
        [direct(bytes("x".repeat(limit + 1))), tooLarge],
        [direct(bytes()), new AttachmentEmpty()],
        [direct(Stream.die("read"), { name: "x".repeat(256) }), new AttachmentNameTooLong()],
        [direct(Stream.concat(bytes("x"), Stream.fail("broken"))), "broken"]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(upload), error)
        assert.deepStrictEqual(yield* rows, [])
      }
      const wrong = yield* Effect.flip(direct(bytes("hello"), { mime_type: "image/png" }))
      assert.include(wrong, { _tag: "AttachmentTypeRefused" })
      assert.deepStrictEqual(yield* rows, [])
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

  it.effect("E8: get fresh previews of the bytes there are; other items stay as they are", () =>
    Effect.gen(function* () {
      const { create, remove, upload, withLinks } = yield* Attachments
      const made = yield* create(ada, { ...image, size: png.length })
      const { upload_descriptor: _, ...picture } = made
      assert(picture.type === "image")
      const { preview_url: __, ...shown } = picture
      const plain = [message("thr_1", "msg_1"), answer("thr_1", "msg_2")]
      assert.strictEqual(yield* withLinks(ada, plain), plain)
      const notes = {
        id: "atc_gone",
        name: "a.txt",
        mime_type: "text/plain",
        type: "file"
      } as const
      const stored: UserMessageItem = {
        ...message("thr_1", "msg_3"),
        attachments: [{ ...picture, preview_url: "" }, notes]
      }
      const linked = Effect.map(withLinks(ada, [...plain, stored]), ([...items]) => {
        const last = items.pop()
        assert.deepStrictEqual(items, plain)
        return last?.type === "user_message" ? last.attachments : []
      })
      const byteless: ReadonlyArray<Attachment> = [{ ...shown, type: "file" }, notes]
      assert.deepStrictEqual(yield* linked, byteless)
      yield* upload(uploadLink(made), () => Effect.succeed(Stream.make(png)))
      assert.deepStrictEqual(yield* linked, [picture, notes])
      const [theirs] = yield* withLinks(grace, [stored])
      assert.deepStrictEqual(theirs?.attachments, byteless)
      yield* remove(ada, made.id)
      assert.deepStrictEqual(yield* linked, byteless)
    }).pipe(Effect.provide(Service))
  )

  it.effect("E8: a picture of an answer has no link where its bytes are gone", () =>
    Effect.gen(function* () {
      const { remove, save, withLinks } = yield* Attachments
      const { id } = yield* save(ada, { ...image, size: png.length, bytes: Stream.make(png) })
      const { type: _, ...base } = answer("thr_1", "msg_1")
      const item = { ...base, type: "generated_image", image: { id, url: "" } } as const
      const [linked] = yield* withLinks(ada, [item])
      const url: string = linked?.image.url ?? ""
      assert.include(url, `/support/attachments/${id}/content?`)
      yield* remove(ada, id)
      const [unlinked] = yield* withLinks(ada, [item])
      const { image: __, ...rest } = item
      assert.deepStrictEqual(unlinked, rest)
    }).pipe(Effect.provide(Service))
  )
})
