import { Effect } from "effect"
import type { ThreadStore } from "../threads/ThreadStore.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import { TurnTaken } from "../turns/Errors.ts"
import { isId, leaseEnd, noThread, chatKitTables } from "./ChatKitTables.ts"

type Turns = Pick<ThreadStore["Service"], "beginTurn" | "prolongTurns" | "endTurn">

/** Who holds a thread, by the database's clock: that of a server may be wrong. */
export const turnStore = Effect.map(chatKitTables, ({ run, sql }): Turns => {
  const lease = leaseEnd(sql)

  return {
    beginTurn: Effect.fn("ThreadStore.beginTurn")(function* (userId, threadId, turn) {
      if (!isId(threadId)) return yield* noThread
      const take = sql<{ data: ThreadMetadata }>`
        update chatkit.threads set turn = ${turn}, turn_until = ${lease}
        where id = ${threadId} and user_id = ${userId}
          and (turn is null or turn_until < clock_timestamp())
        returning data`
      const exists = sql`
        select from chatkit.threads where id = ${threadId} and user_id = ${userId}`
      return yield* run(
        "ThreadStore.beginTurn",
        Effect.gen(function* () {
          const [taken] = yield* take
          if (taken !== undefined) return taken.data
          const found = yield* exists
          return yield* found.length === 0 ? noThread : new TurnTaken()
        })
      )
    }),

    prolongTurns: Effect.fn("ThreadStore.prolongTurns")(function* (turns) {
      if (turns.length === 0) return
      yield* run(
        "ThreadStore.prolongTurns",
        // In the order of ids, as everybody does who holds several threads at once.
        sql`
          update chatkit.threads set turn_until = ${lease}
          where id in (
            select id from chatkit.threads
            where turn = any(${turns}::text[]) order by id for no key update)`
      )
    }),

    endTurn: Effect.fn("ThreadStore.endTurn")(function* (userId, threadId, turn) {
      if (!isId(threadId)) return
      yield* run(
        "ThreadStore.endTurn",
        sql`
          update chatkit.threads set turn = null, turn_until = null
          where id = ${threadId} and user_id = ${userId} and turn = ${turn}`
      )
    })
  }
})
