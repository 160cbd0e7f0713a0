import { assert, type Vitest } from "@effect/vitest"
import { Context, Effect, Schema, Stream } from "effect"
import { AttachmentContent } from "../../src/attachments/AttachmentContent.ts"
import { AlreadyUploaded } from "../../src/attachments/Errors.ts"
import { NotFound } from "../../src/core/Errors.ts"
import type { UserId } from "../../src/core/User.ts"
import { attachment, roomy, type Stores, userWith } from "../support/ThreadFixtures.ts"

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
  for (const record of records) yield* mine.attachments.save(mine.user, record, roomy)
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

  it.effect("F10: hides bytes and attachments from every other user", () =>
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
      for (const bytes of [bytesOf(3), bytesOf(4)]) {
        assert.deepStrictEqual(yield* Effect.flip(stranger.write(file, bytes)), notFound)
      }
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
      assert.isTrue((yield* read(file)).bytes.equals(bytesOf(5)))
    })
  )

  it.effect("E6: takes the same bytes again, however they are cut, and no others", () =>
    Effect.gen(function* () {
      const { content, file, read, records, user, write } = yield* uploader(1)
      const whole = bytesOf(300_000)
      const uploaded = yield* write(file, whole)
      assert.deepStrictEqual(uploaded, { ...records[0]!, uploaded: true })
      assert.deepStrictEqual(yield* write(file, whole), uploaded)
      const cut = [whole.subarray(0, 7), whole.subarray(7, 290_000), whole.subarray(290_000)]
      assert.deepStrictEqual(yield* write(file, ...cut), uploaded)
      const changed = Buffer.from(whole)
      changed[299_999]! ^= 1
      const refused = new AlreadyUploaded()
      for (const other of [
        [],
        [whole.subarray(1)],
        [changed],
        [whole, Buffer.from("x")]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flip(write(file, ...other)), refused)
      }
      const endless = Stream.concat(Stream.make(whole, whole), Stream.die("read on"))
      assert.deepStrictEqual(yield* Effect.flip(content.write(user, file, endless)), refused)
      const breaking = content.write(user, file, bytesThen(Effect.fail("broken")))
      assert.strictEqual(yield* Effect.flip(breaking), "broken")
      assert.isTrue((yield* read(file)).bytes.equals(whole))
    })
  )

  it.effect("E6: takes the same bytes from uploads that go on at the same moment", () =>
    Effect.gen(function* () {
      const { content, file, read, user, write } = yield* uploader(1)
      const whole = Stream.make(bytesOf(270_000), bytesOf(270_000))
      const between = Stream.drain(
        Stream.fromEffect(Effect.orDie(content.write(user, file, whole)))
      )
      const twice = Stream.make(bytesOf(270_000)).pipe(
        Stream.concat(between),
        Stream.concat(Stream.make(bytesOf(270_000)))
      )
      assert.isTrue((yield* content.write(user, file, twice)).uploaded)
      assert.isTrue((yield* write(file, bytesOf(270_000), bytesOf(270_000))).uploaded)
      assert.strictEqual((yield* read(file)).length, 540_000)
    })
  )

  it.effect("E8: says which attachments have bytes, to their user alone", () =>
    Effect.gen(function* () {
      const { content, records, user, write } = yield* uploader(3)
      const [full = "", empty = "", other = ""] = records.map(({ id }) => id)
      yield* write(full, bytesOf(3))
      yield* write(other, bytesOf(3))
      const asked = [full, empty, "atc_unknown", "no id", "\0"]
      assert.deepStrictEqual([...(yield* content.uploaded(user, asked))], [full])
      assert.deepStrictEqual((yield* content.uploaded(user, [])).size, 0)
      const stranger = yield* uploader(0)
      assert.deepStrictEqual((yield* content.uploaded(stranger.user, asked)).size, 0)
    })
  )

  it.effect("F1: removes what no message used for a day, and nothing else", () =>
    Effect.gen(function* () {
      const { attachments, content, id, records, store, user, write } = yield* uploader(4)
      const [unused = "", empty = "", used = "", bare = ""] = records.map(({ id }) => id)
      for (const id of [unused, used]) yield* write(id, bytesOf(3))
      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [used, bare] }])
      yield* (yield* Ages).addDay([unused, empty, used, bare])
      const young = `${user}-young`
      yield* attachments.save(user, attachment(young), roomy)
      assert.isAtLeast(yield* content.removeAbandoned, 2)
      for (const id of [unused, empty]) {
        assert.deepStrictEqual(yield* Effect.flip(attachments.load(user, [id])), notFound)
      }
      const left = yield* attachments.load(user, [used, bare, young])
      assert.deepStrictEqual(
        left.map(({ uploaded }) => uploaded),
        [true, false, false]
      )
      assert.strictEqual(yield* content.removeAbandoned, 0)
    })
  )
}
