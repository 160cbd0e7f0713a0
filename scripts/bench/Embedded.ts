import { join } from "node:path"
import type { Bench } from "./Bench.ts"
import { start } from "./Processes.ts"

/** PostgreSQL inside a process of its own, with the benchmark's people in it. */
export const startEmbedded = async (bench: Bench): Promise<string> => {
  const { until } = start(
    {
      command: process.execPath,
      args: [join(import.meta.dirname, "EmbeddedDatabase.ts")],
      env: {
        BENCH_USERS: String(bench.extent.users),
        BENCH_KID: bench.keys.kid,
        BENCH_JWK: bench.keys.publicJwk
      }
    },
    bench.directory,
    bench.cleanup
  )
  const port = await until(async (output) => /listening on (\d+)/.exec(output)?.[1], 120)
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}
