import { assert, type Vitest } from "@effect/vitest"
import { Context, Effect, Schema, Stream } from "effect"
import { AttachmentContent } from "../../src/attachments/AttachmentContent.ts"
import { AlreadyUploaded } from "../../src/attachments/Errors.ts"
import { NotFound } from "../../src/core/Errors.ts"
import type { UserId } from "../../src/core/User.ts"
import { attachment, type Stores, userWith } from "../support/ThreadFixtures.ts"

/** Makes attachments that exist now, and their bytes, older than a day. */
export class Ages extends Context.Service<
  Ages,
  { readonly addDay: (ids: ReadonlyArray<string>) => Effect.Effect<void> }
>()("test/Ages") {}

const notFound = new NotFound({ object: "Attachment" })

const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, n) => (n * 31) % 251))

/** A user with a thread, and so many attachments that wait for their bytes. */
const uploader = Effect.fnUntraced(function* (count: number) {
  const mine = yield* userWith(1)
  const content = yield* AttachmentContent
  const records = Array.from({ length: count }, (_, n) =>
    attachment(`${mine.user}-file-${n}`, { metadata: { n: [n] } })
  )
  for (const record of records) yield* mine.attachments.save(mine.user, record, 100)
  const read = Effect.fnUntraced(function* (id: string, user: UserId = mine.user) {
    const { bytes, ...rest } = yield* content.read(user, id)
    return { ...rest, bytes: Buffer.concat(yield* Stream.runCollect(bytes)) }
  })
  const write = (id: string, ...chunks: ReadonlyArray<Uint8Array>) =>
    content.write(mine.user, id, Stream.fromIterable(chunks))
  return { ...mine, content, records, file: records[0]?.id ?? "", read, write }
})

/** Bytes, and then something that happens before the stream ends. */
const bytesThen = <E>(then: Effect.Effect<unknown, E>) =>
  Stream.concat(Stream.make(bytesOf(300_000)), Stream.drain(Stream.fromEffect(then)))

/** The behaviour of every adapter that stores the bytes of attachments. */
export const content = (it: Vitest.MethodsNonLive<Stores | Ages>) => {
  const size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300_000 }))
  it.effect.prop(
    "gives bytes back as they were, however they were cut",
    [Schema.Array(size).check(Schema.isMaxLength(4))],
    ([sizes]) =>
      Effect.gen(function* () {
        const { attachments, file, read, records, user, write } = yield* uploader(1)
        const whole = bytesOf(sizes.reduce((sum, size) => sum + size, 0))
        let from = 0
        const chunks = sizes.map((size) => whole.subarray(from, (from += size)))
        const uploaded = { ...records[0]!, uploaded: true }
        assert.deepStrictEqual(yield* write(file, ...chunks), uploaded)
        assert.deepStrictEqual(yield* attachments.load(user, [file]), [uploaded])
        const { attachment, bytes, length } = yield* read(file)
        assert.deepStrictEqual([attachment, length], [uploaded, whole.length])
        assert.isTrue(bytes.equals(whole))
        yield* attachments.delete(user, file)
        assert.deepStrictEqual(yield* Effect.flip(read(file)), notFound)
      }),
    { arbitrary: { runs: 15 } }
  )

  it.effect("hides bytes and attachments from every other user", () =>
    Effect.gen(function* () {
      const { file, read, write } = yield* uploader(1)
      const stranger = yield* uploader(0)
      for (const id of [file, "atc_unknown", "no id", ""]) {
        assert.deepStrictEqual(yield* Effect.flip(stranger.write(id, bytesOf(3))), notFound)
        assert.deepStrictEqual(yield* Effect.flip(stranger.read(id)), notFound)
      }
      assert.deepStrictEqual(yield* Effect.flip(read(file)), notFound)
      yield* write(file, bytesOf(3))
      assert.deepStrictEqual(yield* Effect.flip(stranger.read(file)), notFound)
    })
  )

  it.effect("stores nothing of a stream that fails, and takes the next upload", () =>
    Effect.gen(function* () {
      const { attachments, content, file, read, user, write } = yield* uploader(1)
      const failing = bytesThen(Effect.fail("broken"))
      assert.strictEqual(yield* Effect.flip(content.write(user, file, failing)), "broken")
      assert.deepStrictEqual(yield* Effect.flip(read(file)), notFound)
      const [record] = yield* attachments.load(user, [file])
      assert.isFalse(record?.uploaded)
      yield* write(file, bytesOf(3))
      assert.isTrue((yield* read(file)).bytes.equals(bytesOf(3)))
    })
  )

  it.effect("does not find an attachment that is deleted while it is uploaded", () =>
    Effect.gen(function* () {
      const { attachments, content, file, read, user } = yield* uploader(1)
      const deleting = bytesThen(Effect.orDie(attachments.delete(user, file)))
      assert.deepStrictEqual(yield* Effect.flip(content.write(user, file, deleting)), notFound)
      assert.deepStrictEqual(yield* Effect.flip(read(file)), notFound)
    })
  )

  it.effect("keeps the bytes of the upload that ends first", () =>
    Effect.gen(function* () {
      const { content, file, read, user, write } = yield* uploader(1)
      const late = bytesThen(Effect.orDie(write(file, bytesOf(5))))
      const uploadedAlready = new AlreadyUploaded()
      assert.deepStrictEqual(yield* Effect.flip(content.write(user, file, late)), uploadedAlready)
      assert.deepStrictEqual(yield* Effect.flip(write(file, bytesOf(7))), uploadedAlready)
      const unread = content.write(user, file, Stream.die("read"))
      assert.deepStrictEqual(yield* Effect.flip(unread), uploadedAlready)
      assert.isTrue((yield* read(file)).bytes.equals(bytesOf(5)))
    })
  )

  it.effect("removes what no message used for a day, and nothing else", () =>
    Effect.gen(function* () {
      const { attachments, content, id, records, store, user, write } = yield* uploader(3)
      const [unused = "", empty = "", used = ""] = records.map(({ id }) => id)
      for (const id of [unused, used]) yield* write(id, bytesOf(3))
      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [used] }])
      yield* (yield* Ages).addDay([unused, empty, used])
      const young = `${user}-young`
      yield* attachments.save(user, attachment(young), 100)
      assert.isAtLeast(yield* content.removeAbandoned, 2)
      for (const id of [unused, empty]) {
        assert.deepStrictEqual(yield* Effect.flip(attachments.load(user, [id])), notFound)
      }
      const left = yield* attachments.load(user, [used, young])
      assert.deepStrictEqual(
        left.map(({ uploaded }) => uploaded),
        [true, false]
      )
      assert.strictEqual(yield* content.removeAbandoned, 0)
    })
  )
}
