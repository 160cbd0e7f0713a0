import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { type DbUnavailable, NotFound } from "../../core/Errors.ts"
import { isId } from "../../core/Ids.ts"
import type { UserId } from "../../core/User.ts"
import type { ThreadMetadata } from "../../protocol/Threads.ts"
import { type TooLargeToStore, TurnLost } from "../../threads/Errors.ts"
import { type Change, patched, type ThreadStore } from "../../threads/ThreadStore.ts"
import { PieceRemoval } from "../attachments/PieceRemoval.ts"
import { chatKitTables, leaseEnd, noThread } from "../ChatKitTables.ts"
import { reconnected } from "../SqlFailures.ts"
import { type StoredJson, storedThreads } from "../StoredJson.ts"
import { changeStatements, needId } from "./ChangeStatements.ts"
import { storable } from "./StorableJson.ts"

/** How changes to a thread can fail. */
type Applied = NotFound | TooLargeToStore | DbUnavailable | SqlError.SqlError

type Writes = Pick<
  ThreadStore["Service"],
  "createThread" | "commit" | "updateThread" | "deleteThread"
>

/** The methods of `ThreadStorePg` that write. Commits to a thread run one after the other. */
export const threadWrites = Effect.map(
  Effect.all([chatKitTables, PieceRemoval]),
  ([{ run, runRepeatable, sql, transaction }, { removeSoon }]): Writes => {
    const { attach, deleteItem, deleteItemsAfter, locked, putItem, valuesOf } =
      changeStatements(sql)

    const apply = Effect.fnUntraced(function* (
      userId: UserId,
      threadId: string,
      before: ThreadMetadata,
      changes: ReadonlyArray<Change>
    ) {
      let thread = before
      for (const change of changes) {
        switch (change.type) {
          case "put_item": {
            yield* putItem(userId, threadId, change.item)
            break
          }
          case "delete_item": {
            if (!isId(change.item_id)) break
            yield* deleteItem(userId, threadId, change.item_id)
            break
          }
          case "delete_items_after": {
            const last = isId(change.item_id)
              ? yield* deleteItemsAfter(userId, threadId, change.item_id)
              : []
            if (last.length === 0) return yield* new NotFound({ object: "Item" })
            break
          }
          case "update_thread": {
            thread = patched(thread, change.patch)
            break
          }
          case "attach": {
            const ids = [...new Set(change.attachment_ids)]
            const found = ids.every(isId) ? yield* attach(userId, threadId, ids) : []
            if (found.length < ids.length) return yield* new NotFound({ object: "Attachment" })
          }
        }
      }
      if (thread !== before) {
        yield* sql`
        update chatkit.threads set data = ${yield* storable(thread)}::json
        where id = ${threadId} and user_id = ${userId}`
      }
      return thread
    })

    const applyLocked = <E>(
      userId: UserId,
      threadId: string,
      changes: ReadonlyArray<Change>,
      turn: string | undefined,
      refusal: E
    ): Effect.Effect<ThreadMetadata, E | Applied> =>
      Effect.flatMap(
        Effect.flatMap(locked<StoredJson>("data", userId, threadId, turn), storedThreads),
        ([thread]): Effect.Effect<ThreadMetadata, E | Applied> =>
          thread === undefined ? Effect.fail(refusal) : apply(userId, threadId, thread, changes)
      )

    return {
      createThread: Effect.fn("ThreadStore.createThread")(
        function* (userId, thread, changes, turn) {
          yield* needId(thread.id)
          const data = yield* storable(thread)
          const lease = turn === undefined ? sql`null, null` : sql`${turn}, ${leaseEnd(sql)}`
          const insert = sql`
            insert into chatkit.threads (id, user_id, data, turn, turn_until)
            values (${thread.id}, ${userId}, ${data}::json, ${lease})`
          const [only] = changes
          if (changes.length === 1 && only?.type === "put_item") {
            const values = yield* valuesOf(userId, only.item)
            yield* run(
              "ThreadStore.createThread",
              reconnected(sql`
                with thread as (${insert} returning id)
                insert into chatkit.items (thread_id, id, user_id, hidden, pending, data)
                select id, ${values} from thread`)
            )
            return
          }
          yield* transaction(
            "ThreadStore.createThread",
            Effect.andThen(insert, apply(userId, thread.id, thread, changes))
          )
        }
      ),

      commit: Effect.fn("ThreadStore.commit")(function* (userId, threadId, changes, turn) {
        const refusal = turn === undefined ? noThread : new TurnLost()
        if (!isId(threadId)) return yield* refusal
        const [only] = changes
        if (changes.length === 1 && only?.type === "put_item") {
          const put = yield* runRepeatable(
            "ThreadStore.commit",
            putItem(userId, threadId, only.item, turn)
          )
          return put.length === 0 ? yield* refusal : undefined
        }
        yield* transaction(
          "ThreadStore.commit",
          applyLocked(userId, threadId, changes, turn, refusal)
        )
      }),

      updateThread: Effect.fn("ThreadStore.updateThread")(function* (userId, threadId, patch) {
        if (!isId(threadId)) return yield* noThread
        return yield* transaction(
          "ThreadStore.updateThread",
          applyLocked(userId, threadId, [{ type: "update_thread", patch }], undefined, noThread)
        )
      }),

      deleteThread: Effect.fn("ThreadStore.deleteThread")(function* (userId, threadId) {
        if (!isId(threadId)) return
        const files = yield* run(
          "ThreadStore.deleteThread",
          sql<{ id: string }>`
          with thread as (
            select id from chatkit.threads
            where id = ${threadId} and user_id = ${userId} for update),
          files as (
            delete from chatkit.attachments where thread_id in (select id from thread)
            returning id),
          gone as (delete from chatkit.threads where id in (select id from thread))
          select id from files`
        )
        yield* removeSoon(files.map(({ id }) => id))
      })
    }
  }
)
