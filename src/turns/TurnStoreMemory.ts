import { Clock, Effect, Layer } from "effect"
import { NotFound } from "../core/Errors.ts"
import { MemoryTables } from "../threads/MemoryTables.ts"
import { turnLease } from "../threads/ThreadStore.ts"
import { TurnTaken } from "./Errors.ts"
import { TurnStore } from "./TurnStore.ts"

/** `TurnStore` in memory, for tests. Leases last by Effect's clock. */
export const TurnStoreMemory = Layer.effect(
  TurnStore,
  Effect.map(MemoryTables, (tables): TurnStore["Service"] => ({
    begin: (userId, threadId, turn) =>
      Effect.gen(function* () {
        const row = MemoryTables.threadOf(tables, userId, threadId)
        if (row === undefined) return yield* new NotFound({ object: "Thread" })
        const now = yield* Clock.currentTimeMillis
        if (row.turn !== undefined && row.turn.until >= now) return yield* new TurnTaken()
        row.turn = { id: turn, until: now + turnLease }
        return row.thread
      }),

    renew: (turns) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const held = new Set<string>()
        for (const { turn } of tables.threads.values()) {
          if (turn === undefined || !turns.includes(turn.id)) continue
          turn.until = now + turnLease
          held.add(turn.id)
        }
        return held
      }),

    end: (userId, threadId, turn) =>
      Effect.sync(() => {
        const row = MemoryTables.threadOf(tables, userId, threadId)
        if (row?.turn?.id === turn) delete row.turn
      })
  }))
)
