import { resolve } from "node:path"
import { Effect } from "effect"
import { origin } from "../Tokens.ts"
import { ended, spawned } from "../Processes.ts"
import { eventually } from "../Eventually.ts"

const project = resolve(import.meta.dirname, "../../..")

/** The program in a process of its own on this database, until it is killed or the scope ends. */
export const launch = Effect.fnUntraced(function* (databaseUrl: string) {
  const running = yield* spawned(process.execPath, ["scripts/run.mjs", "src/main.ts"], {
    cwd: project,
    env: {
      PORT: "0",
      LOG_FORMAT: "json",
      NODE_ENV: "production",
      PLAYGROUND: "on",
      DATABASE_URL: databaseUrl,
      BETTER_AUTH_ISSUER: origin
    }
  })
  const output = yield* eventually(
    Effect.sync(() => running.said.out + running.said.err),
    (text) => text.includes(`"message":"ready"`),
    1_000
  )
  /** Without a chance to say or store another thing. */
  const kill = Effect.suspend(() => {
    process.kill(-running.child.pid!, "SIGKILL")
    return ended(running)
  })
  return { url: /http:\/\/127\.0\.0\.1:\d+/.exec(output)![0], kill }
})
