import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { isId } from "../../src/core/Ids.ts"
import {
  attachment,
  failure,
  message,
  oddIds,
  put,
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
      yield* attachments.save(user, file, 100)
      yield* attachments.save(user, image, 100)
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
      yield* attachments.save(user, attachment(file), 100)
      yield* store.commit(user, id, [
        put(message(id, "with_a_file")),
        { type: "attach", attachment_ids: [file, file] }
      ])
      const changed = { name: "new.pdf", size: 2, metadata: { a: 1 } }
      yield* attachments.save(user, attachment(file, { ...changed, thread_id: other }), 100)
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
        const died = yield* Effect.exit(attachments.save(user, attachment(id), 100))
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
        attachments.save(user, attachment(name(i), overrides), 100)
      for (let i = 0; i < 100; i++) yield* save(i)
      assert.strictEqual(yield* failure(save(100)), "TooManyAttachments")
      const missing = yield* failure(attachments.load(user, [name(100)]))
      assert.strictEqual(missing, "NotFound(Attachment)")
      yield* save(7, { name: "renamed" })
      yield* attachments.save(other.user, attachment(`${other.user}-file`), 100)

      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [name(7)] }])
      yield* save(100)
      assert.strictEqual(yield* failure(save(101)), "TooManyAttachments")
      yield* save(7, { name: "renamed once more" })
      yield* attachments.delete(user, name(0))
      yield* save(101)
    })
  )
}
