import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { AttachmentContent } from "../../../../src/attachments/AttachmentContent.ts"
import { ThreadStore } from "../../../../src/threads/ThreadStore.ts"
import { unique } from "../../../support/postgres/SharedDatabase.ts"
import {
  ada,
  bytesOf,
  create,
  exec,
  older,
  piecesOf,
  read,
  Stores,
  write
} from "../../../support/postgres/AttachmentFixtures.ts"

layer(Stores, { excludeTestServices: true })("AbandonedAttachments", (it) => {
  const sweep = Effect.flatMap(AttachmentContent, ({ removeAbandoned }) => removeAbandoned)
  const ids = Effect.map(exec("select id from chatkit.attachments order by id"), (rows) =>
    rows.map((row) => row["id"])
  )
  // The schema is made when it is used for the first time.
  const clear = Effect.andThen(
    create(),
    exec("truncate chatkit.threads, chatkit.attachments, chatkit.attachment_chunks cascade")
  )

  it.effect("removes what no thread used for a day, and leaves what is used or younger", () =>
    Effect.gen(function* () {
      yield* clear
      const store = yield* ThreadStore
      const [unused, empty, used, young] = yield* Effect.all([
        create(),
        create(),
        create(),
        create()
      ])
      for (const { id } of [unused, used, young]) yield* write(id, bytesOf(300_000))
      const thread = {
        id: unique("thr"),
        created_at: "2025-01-01T00:00:00Z",
        status: { type: "active" as const },
        metadata: {}
      }
      yield* store.createThread(ada, thread, [{ type: "attach", attachment_ids: [used.id] }])
      for (const { id } of [unused, empty, used]) yield* exec(older(id))
      assert.strictEqual(yield* sweep, 4)
      assert.deepStrictEqual(yield* ids, [used.id, young.id].sort())
      assert.isTrue((yield* read(used.id)).bytes.equals(bytesOf(300_000)))
      assert.isTrue((yield* read(young.id)).bytes.equals(bytesOf(300_000)))
      assert.strictEqual(yield* sweep, 0)
    })
  )

  it.effect("removes the pieces that broken uploads left, once they are old enough", () =>
    Effect.gen(function* () {
      yield* clear
      const { id } = yield* create()
      const waiting = yield* create()
      yield* write(id, bytesOf(3))
      for (const attachment of [id, waiting.id]) {
        yield* exec(`
          insert into chatkit.attachment_chunks (upload, n, attachment_id, created_at, bytes)
          select 'broken-${attachment}', n, '${attachment}',
            now() - (case when n < 250 then interval '25 hours' else interval '23 hours' end), 'x'
          from generate_series(0, 299) n`)
      }
      assert.strictEqual(yield* sweep, 500)
      assert.strictEqual(yield* piecesOf(id), 51)
      assert.strictEqual(yield* piecesOf(waiting.id), 50)
      assert.isTrue((yield* read(id)).bytes.equals(bytesOf(3)))
    })
  )

  it.effect("removes more than one batch", () =>
    Effect.gen(function* () {
      yield* clear
      yield* exec(`
        insert into chatkit.attachments (id, user_id, created_at, upload, length, data)
        select 'atc_' || n, 'ada', now() - interval '2 days', 'u' || n, 3, '{}'
        from generate_series(1, 250) n;
        insert into chatkit.attachment_chunks (upload, n, attachment_id, created_at, bytes)
        select 'u' || n, 0, 'atc_' || n, now() - interval '2 days', 'abc'
        from generate_series(1, 250) n`)
      assert.strictEqual(yield* sweep, 500)
      assert.deepStrictEqual(yield* ids, [])
    })
  )
})
