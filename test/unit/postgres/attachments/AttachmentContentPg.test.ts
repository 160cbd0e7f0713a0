import { createHash } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { AttachmentContent } from "../../../../src/attachments/AttachmentContent.ts"
import { AttachmentStore } from "../../../../src/attachments/AttachmentStore.ts"
import { AlreadyUploaded } from "../../../../src/attachments/Errors.ts"
import { DbUnavailable, NotFound } from "../../../../src/core/Errors.ts"
import { Ages, content } from "../../../contracts/AttachmentContent.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"
import {
  ada,
  bytesOf,
  create,
  exec,
  grace,
  older,
  piecesOf,
  read,
  Stores,
  write
} from "../../../support/postgres/AttachmentFixtures.ts"

const notFound = new NotFound({ object: "Attachment" })

const AgesPg = Layer.effect(
  Ages,
  Effect.map(TestDatabase, ({ exec }) => ({
    addDay: (ids) => Effect.forEach(ids, (id) => exec(older(id)), { discard: true })
  }))
)

layer(AgesPg.pipe(Layer.provideMerge(StoreOnPostgreSQL)), {
  excludeTestServices: true
})("AttachmentContent, in PostgreSQL", content)

layer(Stores, { excludeTestServices: true })("AttachmentContentPg", (it) => {
  it.effect("leaves no piece of an upload by a user who does not own the attachment", () =>
    Effect.gen(function* () {
      const { write: writeAs } = yield* AttachmentContent
      const { id } = yield* create()
      assert.deepStrictEqual(
        yield* Effect.flip(writeAs(grace, id, Stream.make(bytesOf(3)))),
        notFound
      )
      assert.strictEqual(yield* piecesOf(id), 0)
    })
  )

  it.effect("leaves no piece of a stream that fails", () =>
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

  it.effect("leaves no piece of an upload that is interrupted", () =>
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

  it.effect("leaves no piece of an attachment that is deleted meanwhile", () =>
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

  it.effect("stops an upload when another has ended first, and removes its pieces", () =>
    Effect.gen(function* () {
      const { write: writeAs } = yield* AttachmentContent
      const piece = bytesOf(256 * 1024)
      const first = bytesOf(300_000)
      /** The bytes that come after another upload has ended in the middle of this one. */
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

  it.effect("E6: stores no piece twice, and compares with nothing older than digests", () =>
    Effect.gen(function* () {
      const { id } = yield* create()
      const whole = bytesOf(300_000)
      yield* write(id, whole)
      const digest = createHash("sha256").update(whole).digest("hex")
      const [row] = yield* exec(
        `select encode(digest, 'hex') as digest from chatkit.attachments where id = '${id}'`
      )
      assert.deepStrictEqual(row, { digest })
      yield* write(id, whole)
      assert.strictEqual(yield* piecesOf(id), 2)
      yield* exec(`update chatkit.attachments set digest = null where id = '${id}'`)
      assert.deepStrictEqual(yield* Effect.flip(write(id, whole)), new AlreadyUploaded())
      assert.strictEqual(yield* piecesOf(id), 2)
    })
  )

  it.effect("E6: leaves one upload of two with the same bytes", () =>
    Effect.gen(function* () {
      const { write: writeAs } = yield* AttachmentContent
      const { id } = yield* create()
      const [first, second] = [bytesOf(256 * 1024), bytesOf(300_000)]
      const between = Effect.orDie(writeAs(ada, id, Stream.make(first, second)))
      const late = Stream.make(first).pipe(
        Stream.concat(Stream.drain(Stream.fromEffect(between))),
        Stream.concat(Stream.make(second))
      )
      assert.isTrue((yield* writeAs(ada, id, late)).uploaded)
      assert.strictEqual(yield* piecesOf(id), 3)
    })
  )

  it.effect("keeps the pieces of an upload of which it cannot know that it did not end", () =>
    Effect.gen(function* () {
      const { id } = yield* create()
      const breaking = (sqlstate: string) => `
        create or replace function broken() returns trigger language plpgsql as
          $$ begin raise exception 'no' using errcode = '${sqlstate}'; end $$;
        create or replace trigger broken before update on chatkit.attachments
          for each row execute function broken()`
      // Cancelled by an operator: the answer to a commit may be lost in the same way.
      yield* exec(breaking("57014"))
      assert.strictEqual((yield* Effect.flip(write(id, bytesOf(3))))._tag, "DbUnavailable")
      assert.strictEqual(yield* piecesOf(id), 1)
      yield* exec("drop trigger broken on chatkit.attachments")
    })
  )

  it.effect("fails to read bytes that have lost a piece", () =>
    Effect.gen(function* () {
      const { id } = yield* create()
      yield* write(id, bytesOf(600_000))
      yield* exec(`delete from chatkit.attachment_chunks where attachment_id = '${id}' and n = 1`)
      const error = yield* Effect.flip(read(id))
      assert.deepStrictEqual(error, new DbUnavailable({ operation: "AttachmentContent.read" }))
    })
  )
})
