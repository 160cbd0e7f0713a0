import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect } from "effect"
import * as Database from "../postgres/Pool.ts"
import { migrate, stateOf } from "../postgres/Migrations.ts"
import { reportAndExit, Usage } from "./Exit.ts"
import { Settings } from "../settings/Settings.ts"

/** For a database whose server role may not create schemas: run once as a role that may. */
const program = Effect.gen(function* () {
  const { databaseUrl } = yield* Settings
  if (databaseUrl === undefined) {
    return yield* new Usage({
      message: "Set DATABASE_URL: the embedded database brings itself up to date."
    })
  }
  yield* migrate.pipe(
    Effect.provide(Database.layer({ url: databaseUrl, poolSize: 1 })),
    Effect.mapError(
      (error) =>
        new Usage({
          message: `The schema was not changed (${stateOf(Cause.fail(error))}): check that PostgreSQL answers at DATABASE_URL and that its role may create schemas.`
        })
    )
  )
  yield* Console.log("Schema chatkit is up to date.")
})

NodeRuntime.runMain(Effect.provide(program, Settings.layer), reportAndExit)
