import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Outage } from "../../src/db/Outage.ts"
import { ThreadSchema } from "../../src/db/ThreadSchema.ts"
import { ThreadStorePg } from "../../src/db/ThreadStorePg.ts"
import { Patience } from "../../src/domain/Patience.ts"
import { LogBudget } from "../../src/telemetry/LogBudget.ts"
import { Leases } from "../chatkit/Threads.ts"
import { SharedDatabase } from "./Storage.ts"

const LeasesPg = Layer.effect(
  Leases,
  Effect.map(SqlClient.SqlClient, (sql) => ({
    expire: (threadId) =>
      sql`
        update chatkit.threads set turn_until = clock_timestamp() - interval '1 millisecond'
        where id = ${threadId}`.pipe(Effect.asVoid, Effect.orDie)
  }))
)

/** The product's store on whatever client there is, patient on a busy machine. */
export const StorePg = ThreadStorePg.pipe(
  Layer.provideMerge(ThreadSchema.layer),
  Layer.provide(Outage.layer),
  Layer.provide(LogBudget.layer),
  Layer.provide(Layer.succeed(Patience, { statement: 20_000, request: 40_000 }))
)

/** The same on a database of its own. */
export const StoreOnPostgreSQL = Layer.merge(StorePg, LeasesPg).pipe(
  Layer.provideMerge(SharedDatabase)
)
