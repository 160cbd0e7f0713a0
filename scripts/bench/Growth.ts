import { Effect } from "effect"
import type { Bench } from "./Bench.ts"
import { filledDatabase } from "./Database.ts"
import { measureRequests } from "./Requests.ts"
import { ours, type Server } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

const fewest = 10_000

/** The same server on few users and on many, each with a database of its own. */
export const measureGrowth = (bench: Bench, databaseServer: string) =>
  Effect.gen(function* () {
    const tokens = new Map<Server, ReadonlyArray<string>>()
    for (const users of [fewest, bench.extent.mostUsers]) {
      const database = yield* filledDatabase(databaseServer, users, bench.keys)
      // Equally many tokens for both, of users all over the table.
      const stride = Math.floor(users / fewest)
      const user = (k: number) => 1 + (spread(k, fewest) - 1) * stride
      tokens.set(
        { ...ours(database), name: `${users.toLocaleString("en")} users` },
        Array.from({ length: fewest }, (_, k) => mint(bench.keys, "EdDSA", user(k)))
      )
    }
    return yield* measureRequests(bench, [
      {
        workload: "f",
        title: "growth of the tables",
        connections: 64,
        status: 200,
        once: false,
        servers: [...tokens.keys()],
        tokens: (server) => tokens.get(server) ?? []
      }
    ])
  }).pipe(Effect.scoped)
