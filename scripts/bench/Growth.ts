import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Bench } from "./Bench.ts"
import { createDatabase, fill, migrate } from "./Data.ts"
import { type LineResult, resultOf } from "./Results.ts"
import { measure } from "./Rounds.ts"
import { fleet, ours, type Server } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

const fewest = 10_000
const used = 10_000

/** The same server on few users and on many, each with its own database. */
export const growth = async (
  bench: Bench,
  databaseServer: string
): Promise<ReadonlyArray<LineResult>> => {
  const databases = new Map<Server, string>()
  const tokens = new Map<Server, string>()
  for (const users of [fewest, bench.extent.mostUsers]) {
    const name = users.toLocaleString("en")
    bench.say(`growth: filling ${name} users`)
    const database = await createDatabase(databaseServer, bench.cleanup)
    await fill(database, users, bench.keys, (text) => bench.say(`growth: ${text}`))
    await migrate(database, bench.cleanup)
    const server = { ...ours, name }
    const file = join(bench.directory, `growth-${users}.tokens`)
    const stride = Math.floor(users / used)
    // One of each stretch of the table.
    const user = (k: number) => 1 + (spread(k, used) - 1) * stride
    const minted = Array.from({ length: used }, (_, k) => mint(bench.keys, "EdDSA", user(k)))
    writeFileSync(file, minted.join("\n") + "\n")
    databases.set(server, database)
    tokens.set(server, file)
  }
  const both = fleet(bench, (server) => databases.get(server) ?? "")
  const measured = await measure(bench, both, [
    {
      workload: "f",
      title: "growth",
      connections: 64,
      status: 200,
      once: false,
      servers: [...databases.keys()],
      tokens: (server) => tokens.get(server) ?? ""
    }
  ])
  await both.stop()
  return measured.map((one) => resultOf(one))
}
