import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema, Stream } from "effect"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import { AttachmentStore } from "../../../src/attachments/AttachmentStore.ts"
import { AlreadyUploaded } from "../../../src/attachments/Errors.ts"
import { DbUnavailable, NotFound } from "../../../src/core/Errors.ts"
import type { TestDatabase } from "../../support/Database.ts"
import {
  ada,
  bytesOf,
  create,
  exec,
  grace,
  piecesOf,
  read,
  Stores,
  write
} from "../../support/postgres/Uploads.ts"

const notFound = new NotFound({ object: "Attachment" })

layer(Stores, { excludeTestServices: true })("attachment content", (it) => {
  const size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300_000 }))
  it.effect.prop(
    "comes back as it was, however it was cut",
    [Schema.Array(size).check(Schema.isMaxLength(4))],
    ([sizes]) =>
      Effect.gen(function* () {
        const record = yield* create({ a: [1] })
        const whole = bytesOf(sizes.reduce((sum, size) => sum + size, 0))
        let from = 0
        const chunks = sizes.map((size) => whole.subarray(from, (from += size)))
        const uploaded = { ...record, uploaded: true }
        assert.deepStrictEqual(yield* write(record.id, ...chunks), uploaded)
        const content = yield* read(record.id)
        assert.deepStrictEqual(content.attachment, uploaded)
        assert.strictEqual(content.length, whole.length)
        assert.isTrue(content.bytes.equals(whole))
        yield* (yield* AttachmentStore).delete(ada, record.id)
      }),
    { arbitrary: { runs: 15 } }
  )

  it.effect("is its owner's alone", () =>
    Effect.gen(function* () {
      const { write: writeAs } = yield* AttachmentContent
      const { id } = yield* create()
      const bytes = Stream.make(bytesOf(3))
      for (const unknown of [id, "atc_unknown", "no id", ""]) {
        assert.deepStrictEqual(yield* Effect.flip(writeAs(grace, unknown, bytes)), notFound)
        assert.deepStrictEqual(yield* Effect.flip(read(unknown, grace)), notFound)
      }
      assert.strictEqual(yield* piecesOf(id), 0)
      assert.deepStrictEqual(yield* Effect.flip(read(id)), notFound)
      yield* write(id, bytesOf(3))
      assert.deepStrictEqual(yield* Effect.flip(read(id, grace)), notFound)
    })
  )

  it.effect("of a stream that fails leaves no piece", () =>
    Effect.gen(function* () {
      const { write } = yield* AttachmentContent
      const { id } = yield* create()
      const context = yield* Effect.context<TestDatabase>()
      const found: Array<unknown> = []
      const failing = Stream.concat(
        Stream.make(bytesOf(600_000)),
        Stream.fromEffect(
          Effect.flatMap(piecesOf(id), (pieces) => {
            found.push(pieces)
            return Effect.fail("broken")
          })
        )
      ).pipe(Stream.provideContext(context))
      assert.strictEqual(yield* Effect.flip(write(ada, id, failing)), "broken")
      assert.deepStrictEqual([found, yield* piecesOf(id)], [[2], 0])
      assert.deepStrictEqual(yield* Effect.flip(read(id)), notFound)
    })
  )

  it.effect("of a writer that is interrupted leaves no piece", () =>
    Effect.gen(function* () {
      const { write } = yield* AttachmentContent
      const { id } = yield* create()
      const begun = yield* Deferred.make<void>()
      const endless = Stream.concat(
        Stream.make(bytesOf(600_000)),
        Stream.fromEffect(Effect.andThen(Deferred.succeed(begun, undefined), Effect.never))
      )
      const writing = yield* Effect.forkChild(write(ada, id, endless))
      yield* Deferred.await(begun)
      assert.strictEqual(yield* piecesOf(id), 2)
      yield* Fiber.interrupt(writing)
      assert.strictEqual(yield* piecesOf(id), 0)
    })
  )

  it.effect("of an attachment that is deleted meanwhile is not found", () =>
    Effect.gen(function* () {
      const { id } = yield* create()
      const attachments = yield* AttachmentStore
      const { write } = yield* AttachmentContent
      const deleting = Stream.concat(
        Stream.make(bytesOf(300_000)),
        Stream.drain(Stream.fromEffect(Effect.orDie(attachments.delete(ada, id))))
      )
      assert.deepStrictEqual(yield* Effect.flip(write(ada, id, deleting)), notFound)
      assert.strictEqual(yield* piecesOf(id), 0)
    })
  )

  it.effect("is written once, by whoever ends first", () =>
    Effect.gen(function* () {
      const { write: writeAs } = yield* AttachmentContent
      const piece = bytesOf(256 * 1024)
      const first = bytesOf(300_000)
      /** What comes after another upload has ended in the middle of this one. */
      for (const rest of [
        Stream.empty,
        Stream.make(bytesOf(5)),
        Stream.concat(Stream.make(piece), Stream.die("read on"))
      ]) {
        const { id } = yield* create()
        const between = Effect.orDie(writeAs(ada, id, Stream.make(first)))
        const late = Stream.make(piece).pipe(
          Stream.concat(Stream.drain(Stream.fromEffect(between))),
          Stream.concat(rest)
        )
        assert.deepStrictEqual(yield* Effect.flip(writeAs(ada, id, late)), new AlreadyUploaded())
        assert.isTrue((yield* read(id)).bytes.equals(first))
        assert.strictEqual(yield* piecesOf(id), 2)
        assert.deepStrictEqual(yield* Effect.flip(write(id, piece)), new AlreadyUploaded())
        assert.isTrue((yield* read(id)).bytes.equals(first))
      }
    })
  )

  it.effect("that loses a piece while it is read fails", () =>
    Effect.gen(function* () {
      const { id } = yield* create()
      yield* write(id, bytesOf(600_000))
      yield* exec(`delete from chatkit.attachment_chunks where attachment_id = '${id}' and n = 1`)
      const error = yield* Effect.flip(read(id))
      assert.deepStrictEqual(error, new DbUnavailable({ operation: "AttachmentContent.read" }))
    })
  )
})
