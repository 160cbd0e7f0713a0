import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SqlFailures } from "../../../src/postgres/SqlFailures.ts"
import { ModelUsagePg } from "../../../src/postgres/ModelUsagePg.ts"
import { Migrations } from "../../../src/postgres/Migrations.ts"
import { AttachmentContentPg } from "../../../src/postgres/attachments/AttachmentContentPg.ts"
import { AttachmentStorePg } from "../../../src/postgres/attachments/AttachmentStorePg.ts"
import { ThreadStorePg } from "../../../src/postgres/threads/ThreadStorePg.ts"
import { TurnStorePg } from "../../../src/postgres/threads/TurnStorePg.ts"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { Leases } from "../ThreadFixtures.ts"
import { SharedDatabase } from "./SharedDatabase.ts"

const LeasesPg = Layer.effect(
  Leases,
  Effect.map(SqlClient.SqlClient, (sql) => ({
    expire: (threadId) =>
      sql`
        update chatkit.threads set turn_until = clock_timestamp() - interval '1 millisecond'
        where id = ${threadId}`.pipe(Effect.asVoid, Effect.orDie)
  }))
)

/** The product's stores on whatever client there is, patient on a busy machine. */
export const StorePg = Layer.mergeAll(
  ThreadStorePg,
  TurnStorePg,
  AttachmentStorePg,
  AttachmentContentPg,
  ModelUsagePg
).pipe(
  Layer.provideMerge(Migrations.layer),
  Layer.provide(SqlFailures.layer),
  Layer.provide(LogBudget.layer),
  Layer.provide(Layer.succeed(Timeouts, { statement: 20_000, request: 40_000, admission: 20_000 }))
)

/** The same on a database of its own. */
export const StoreOnPostgreSQL = Layer.merge(StorePg, LeasesPg).pipe(
  Layer.provideMerge(SharedDatabase)
)
