import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { AttachmentContent } from "../../../../src/attachments/AttachmentContent.ts"
import { NotFound } from "../../../../src/core/Errors.ts"
import { piecesAtOnce } from "../../../../src/postgres/attachments/PieceRemoval.ts"
import { removeUserData } from "../../../../src/postgres/UserData.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { eventually } from "../../../support/Eventually.ts"
import { enlarge, remains } from "../../../support/postgres/LargeFiles.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"
import { attachment, roomy, userWith } from "../../../support/ThreadFixtures.ts"

const notFound = new NotFound({ object: "Attachment" })

/** Somebody with a thread that has two large attachments, of which nothing is removed yet. */
const withLargeFiles = Effect.gen(function* () {
  const mine = yield* userWith(1)
  const { exec } = yield* TestDatabase
  const files = ["a", "b"].map((name) => `${mine.user}-${name}`)
  for (const file of files) {
    yield* mine.attachments.save(mine.user, attachment(file), roomy)
    yield* enlarge(file, 100)
  }
  yield* mine.store.commit(mine.user, mine.id, [{ type: "attach", attachment_ids: files }])
  yield* exec("truncate chatkit.removals")
  return { ...mine, files, content: yield* AttachmentContent }
})

layer(StoreOnPostgreSQL, { excludeTestServices: true })("PieceRemoval", (it) => {
  it.effect("D5: deletes a thread at once, and the bytes of its files in batches", () =>
    Effect.gen(function* () {
      const { attachments, content, files, id, store, user } = yield* withLargeFiles
      yield* store.deleteThread(user, id)
      for (const file of files) {
        assert.deepStrictEqual(yield* Effect.flip(attachments.load(user, [file])), notFound)
        assert.deepStrictEqual(yield* Effect.flip(content.read(user, file)), notFound)
      }
      const { all, most } = yield* eventually(remains(files), ({ left }) => left === 0)
      assert.deepStrictEqual([all, most], [200, piecesAtOnce])
    })
  )

  it.effect("D5: deletes an attachment at once, and its bytes in batches", () =>
    Effect.gen(function* () {
      const { attachments, content, files, user } = yield* withLargeFiles
      const [file = "", other = ""] = files
      yield* attachments.delete(user, file)
      assert.deepStrictEqual(yield* Effect.flip(content.read(user, file)), notFound)
      const { all, most } = yield* eventually(remains([file]), ({ left }) => left === 0)
      assert.deepStrictEqual([all, most], [100, piecesAtOnce])
      assert.strictEqual((yield* remains([other])).left, 100)
    })
  )

  it.effect("D5: removes the files of a user in batches, and says how large they were", () =>
    Effect.gen(function* () {
      const { files, user } = yield* withLargeFiles
      const removed = yield* removeUserData(user)
      assert.deepStrictEqual(removed, { threads: 1, items: 1, attachments: 2, bytes: 600 })
      assert.deepStrictEqual(yield* remains(files), { left: 0, most: piecesAtOnce, all: 200 })
    })
  )

  it.effect("D5: removes nothing for another user, or with a thread that has no files", () =>
    Effect.gen(function* () {
      const { attachments, files, id, store } = yield* withLargeFiles
      const other = yield* userWith(0)
      yield* store.deleteThread(other.user, id)
      yield* attachments.delete(other.user, files[0]!)
      const own = yield* userWith(1)
      yield* store.deleteThread(own.user, own.id)
      assert.strictEqual((yield* remains(files)).left, 200)
    })
  )

  it.effect("D5: sweeps the bytes that a stopped server left, whatever their age", () =>
    Effect.gen(function* () {
      const { content, files, user } = yield* withLargeFiles
      const { exec } = yield* TestDatabase
      yield* exec(`delete from chatkit.attachments where id = '${files[0]}'`)
      assert.strictEqual(yield* content.removeAbandoned, 100)
      const { left, most } = yield* remains(files)
      assert.strictEqual(left, 100)
      assert.isAtMost(Number(most), piecesAtOnce)
      assert.strictEqual((yield* content.read(user, files[1]!)).length, 300)
    })
  )

  it.effect("D5: breaks a download off when its attachment is deleted, while pieces remain", () =>
    Effect.gen(function* () {
      const { content, files, user } = yield* withLargeFiles
      const { exec } = yield* TestDatabase
      const { bytes } = yield* content.read(user, files[0]!)
      yield* exec(`delete from chatkit.attachments where id = '${files[0]}'`)
      const error = yield* Effect.flip(Stream.runDrain(bytes))
      assert.strictEqual(error._tag, "DbUnavailable")
    })
  )
})
