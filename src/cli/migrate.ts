import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { migrate } from "../postgres/Migrations.ts"
import { Settings } from "../settings/Settings.ts"
import { onDatabase } from "./CommandDatabase.ts"
import { CommandFailed, reportAndExit } from "./Exit.ts"

/** For a database whose server role may not create schemas: run once as a role that may. */
const program = Effect.gen(function* () {
  const { databaseUrl } = yield* Effect.provide(Settings, Settings.layer)
  if (databaseUrl === undefined) {
    return yield* new CommandFailed({
      message: "Set DATABASE_URL: the embedded database migrates itself."
    })
  }
  yield* onDatabase("The schema was not changed", "that its role may create schemas")(migrate)
  yield* Console.log("Schema chatkit is up to date.")
})

NodeRuntime.runMain(program, reportAndExit)
