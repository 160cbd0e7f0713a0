import { Effect, Layer } from "effect"
import { isId } from "../../core/Ids.ts"
import { TurnTaken } from "../../turns/Errors.ts"
import { TurnStore } from "../../turns/TurnStore.ts"
import { chatKitTables, leaseEnd, noThread } from "../ChatKitTables.ts"
import { type StoredJson, storedThreads } from "../StoredJson.ts"

/** `TurnStore` by the database's clock, because the clock of a server may be wrong. */
export const TurnStorePg = Layer.effect(
  TurnStore,
  Effect.map(chatKitTables, ({ run, sql }): TurnStore["Service"] => {
    const until = leaseEnd(sql)

    return {
      begin: Effect.fn("TurnStore.begin")(function* (userId, threadId, turn) {
        if (!isId(threadId)) return yield* noThread
        const take = sql<StoredJson>`
          update chatkit.threads set turn = ${turn}, turn_until = ${until}
          where id = ${threadId} and user_id = ${userId}
            and (turn is null or turn_until < clock_timestamp())
          returning data`
        const exists = sql`
          select from chatkit.threads where id = ${threadId} and user_id = ${userId}`
        return yield* run(
          "TurnStore.begin",
          Effect.gen(function* () {
            const [taken] = yield* Effect.flatMap(take, storedThreads)
            if (taken !== undefined) return taken
            const found = yield* exists
            return yield* found.length === 0 ? noThread : new TurnTaken()
          })
        )
      }),

      renew: Effect.fn("TurnStore.renew")(function* (turns) {
        if (turns.length === 0) return new Set<string>()
        const held = yield* run(
          "TurnStore.renew",
          // Locks in the order of ids, like every transaction that holds several threads.
          sql<{ readonly turn: string }>`
            update chatkit.threads set turn_until = ${until}
            where id in (
              select id from chatkit.threads
              where turn = any(${turns}::text[]) order by id for no key update)
            returning turn`
        )
        return new Set(held.map(({ turn }) => turn))
      }),

      end: Effect.fn("TurnStore.end")(function* (userId, threadId, turn) {
        if (!isId(threadId)) return
        yield* run(
          "TurnStore.end",
          sql`
            update chatkit.threads set turn = null, turn_until = null
            where id = ${threadId} and user_id = ${userId} and turn = ${turn}`
        )
      })
    }
  })
)
