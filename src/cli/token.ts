import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { isProduction } from "../settings/Server.ts"
import { Settings } from "../settings/Settings.ts"
import { CommandFailed, reportAndExit } from "./Exit.ts"
import { inspect } from "./Inspect.ts"
import { mint } from "./Mint.ts"

const usage = new CommandFailed({
  message:
    "npm run token -- <person or e-mail>   mints a token for development\n" +
    "npm run token -- inspect <token>      says what a token is and what the server does with it"
})

const settings = Effect.provide(Settings, Settings.layer)

const program = Effect.gen(function* () {
  const [first, second] = process.argv.slice(2)
  if (first === "inspect" && second !== undefined) {
    return yield* Console.log(yield* inspect(second, yield* settings))
  }
  if (first === undefined || first === "inspect") return yield* usage
  // Before the settings are read: correcting them would not help.
  if (isProduction(process.env["NODE_ENV"])) {
    return yield* new CommandFailed({
      message: "Tokens are minted in development only: unset NODE_ENV=production."
    })
  }
  yield* Console.log(yield* mint(first, yield* settings))
})

NodeRuntime.runMain(program, reportAndExit)
