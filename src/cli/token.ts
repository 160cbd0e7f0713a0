import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { inspect } from "./Inspect.ts"
import { developmentOnly, mint } from "./Mint.ts"
import { reportAndExit, Usage } from "./Exit.ts"
import { isProduction } from "../settings/Server.ts"
import { Settings } from "../settings/Settings.ts"

const settings = Effect.provide(Settings, Settings.layer)

const program = Effect.gen(function* () {
  const [first, second] = process.argv.slice(2)
  if (first === "inspect" && second !== undefined) {
    return yield* Console.log(yield* inspect(second, yield* settings))
  }
  if (first === undefined || first === "inspect") {
    return yield* new Usage({
      message:
        "npm run token -- <person or e-mail>   mints a token for development\n" +
        "npm run token -- inspect <token>      says what a token is and what the server does with it"
    })
  }
  // Before anything else is asked of somebody who may not do it anyway.
  if (isProduction(process.env["NODE_ENV"])) return yield* new Usage({ message: developmentOnly })
  const minted = yield* Effect.flatMap(settings, (read) => Effect.promise(() => mint(first, read)))
  if ("problem" in minted) return yield* new Usage({ message: minted.problem })
  yield* Console.log(minted.token)
})

NodeRuntime.runMain(program, reportAndExit)
