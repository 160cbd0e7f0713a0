import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import type { AttachmentLimits } from "../../src/attachments/AttachmentStore.ts"
import { AttachmentSpaceFull } from "../../src/attachments/Errors.ts"
import { isId } from "../../src/core/Ids.ts"
import {
  attachment,
  failure,
  message,
  oddIds,
  put,
  roomy,
  type Stores,
  userWith
} from "../support/ThreadFixtures.ts"

/** The behaviour of every adapter that stores the records of attachments. */
export const attachments = (it: Vitest.MethodsNonLive<Stores>) => {
  it.effect("gives attachments back in the order they are asked for", () =>
    Effect.gen(function* () {
      const { attachments, user } = yield* userWith(0)
      const file = attachment(`${user}-file`, { metadata: { page: { z: 1, a: [null] } } })
      const image = attachment(`${user}-image`, { name: "Bild.png", mime_type: "image/png" })
      yield* attachments.save(user, file, roomy)
      yield* attachments.save(user, image, roomy)
      const load = (...ids: ReadonlyArray<string>) => attachments.load(user, ids)
      assert.deepEqual(yield* load(image.id, file.id), [image, file])
      assert.deepEqual(yield* load(file.id, image.id, file.id), [file, image, file])
      assert.deepEqual(yield* load(), [])
      for (const other of ["atc_unknown", "", "\u0000", `${file.id} `]) {
        assert.strictEqual(yield* failure(load(file.id, other)), "NotFound(Attachment)")
      }
    })
  )

  it.effect("overwrites what is known of an attachment, but not where it belongs", () =>
    Effect.gen(function* () {
      const { attachments, ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      yield* store.commit(user, id, [
        put(message(id, "with_a_file")),
        { type: "attach", attachment_ids: [file, file] }
      ])
      const changed = { name: "new.pdf", size: 2, metadata: { a: 1 } }
      yield* attachments.save(user, attachment(file, { ...changed, thread_id: other }), roomy)
      assert.deepEqual(yield* attachments.load(user, [file]), [
        attachment(file, { ...changed, thread_id: id })
      ])
      yield* store.commit(user, other, [{ type: "attach", attachment_ids: [file] }])
      assert.deepEqual(yield* attachments.load(user, [file]), [
        attachment(file, { ...changed, thread_id: other })
      ])
      yield* attachments.delete(user, file)
      yield* attachments.delete(user, file)
      assert.strictEqual(yield* failure(attachments.load(user, [file])), "NotFound(Attachment)")
    })
  )

  it.effect("takes no id that could not be read back: that is a fault of the server", () =>
    Effect.gen(function* () {
      const { attachments, user } = yield* userWith(0)
      for (const id of oddIds(`${user}-file`)) {
        if (isId(id)) continue
        const died = yield* Effect.exit(attachments.save(user, attachment(id), roomy))
        assert.include(String(died), "no usable id")
      }
    })
  )

  it.effect("lets a hundred attachments of one user wait to be used, and no more", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const other = yield* userWith(0)
      const name = (i: number) => `${user}-${i}`
      const save = (i: number, overrides = {}) =>
        attachments.save(user, attachment(name(i), overrides), roomy)
      for (let i = 0; i < 100; i++) yield* save(i)
      assert.strictEqual(yield* failure(save(100)), "TooManyAttachments")
      const missing = yield* failure(attachments.load(user, [name(100)]))
      assert.strictEqual(missing, "NotFound(Attachment)")
      yield* save(7, { name: "renamed" })
      yield* attachments.save(other.user, attachment(`${other.user}-file`), roomy)

      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [name(7)] }])
      yield* save(100)
      assert.strictEqual(yield* failure(save(101)), "TooManyAttachments")
      yield* save(7, { name: "renamed once more" })
      yield* attachments.delete(user, name(0))
      yield* save(101)
    })
  )

  it.effect("D2: bounds the bytes of one user, those of used attachments included", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const other = yield* userWith(0)
      const limits = { waiting: 100, bytes: 1_000 }
      const save = (name: string, size: number, user_ = user) =>
        attachments.save(user_, attachment(`${user_}-${name}`, { size }), limits)
      yield* save("used", 600)
      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [`${user}-used`] }])
      yield* save("waiting", 400)
      const full = yield* Effect.flip(save("more", 1))
      assert.deepStrictEqual(full, new AttachmentSpaceFull({ limit: 1_000 }))
      const missing = yield* failure(attachments.load(user, [`${user}-more`]))
      assert.strictEqual(missing, "NotFound(Attachment)")
      yield* save("empty", 0)
      yield* save("theirs", 1_000, other.user)
      assert.strictEqual(yield* failure(save("large", 1_001, other.user)), full._tag)

      yield* save("waiting", 300)
      yield* save("smaller", 100)
      assert.strictEqual(yield* failure(save("more", 1)), full._tag)
      yield* attachments.delete(user, `${user}-smaller`)
      yield* save("more", 100)
      assert.strictEqual(yield* failure(save("another", 1)), full._tag)
      yield* store.deleteThread(user, id)
      yield* save("another", 600)
      assert.strictEqual(yield* failure(save("last", 1)), full._tag)
    })
  )

  it.effect("D2: holds both limits however many are saved at the same moment", () =>
    Effect.gen(function* () {
      const { attachments, user } = yield* userWith(0)
      const saved = Effect.fnUntraced(function* (name: string, limits: AttachmentLimits) {
        const outcomes = yield* Effect.forEach(
          Array.from({ length: 12 }, (_, n) => attachment(`${user}-${name}-${n}`, { size: 10 })),
          (record) => Effect.match(attachments.save(user, record, limits), outcome),
          { concurrency: "unbounded" }
        )
        return outcomes.sort()
      })
      const outcome = { onSuccess: () => "saved", onFailure: ({ _tag }: { _tag: string }) => _tag }
      assert.deepStrictEqual(yield* saved("a", { waiting: 100, bytes: 39 }), [
        ...Array.from({ length: 9 }, () => "AttachmentSpaceFull"),
        ...Array.from({ length: 3 }, () => "saved")
      ])
      assert.deepStrictEqual(yield* saved("b", { waiting: 5, bytes: 1_000 }), [
        ...Array.from({ length: 10 }, () => "TooManyAttachments"),
        ...Array.from({ length: 2 }, () => "saved")
      ])
    })
  )
}
