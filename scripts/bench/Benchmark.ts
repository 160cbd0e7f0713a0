import { cpus } from "node:os"
import { Effect, FileSystem } from "effect"
import { type Bench, type Extent, say } from "./Bench.ts"
import { filledDatabase, settingsOf } from "./Database.ts"
import { measureGrowth } from "./Growth.ts"
import { measureModel } from "./Models.ts"
import { measureNeighbours } from "./Neighbours.ts"
import manifest from "./package.json" with { type: "json" }
import type { Results } from "./Report.ts"
import { measureRequests } from "./Requests.ts"
import type { LineResult } from "./Rounds.ts"
import { answering, ours, otherCheckout, usualPeers, variants } from "./Servers.ts"
import { measureStart } from "./Start.ts"
import { withStatements } from "./Statements.ts"
import { measureStreams } from "./Streams.ts"
import { makeKeys } from "./Tokens.ts"
import { requestLines } from "./Workloads.ts"

export interface Options {
  readonly databaseServer: string
  readonly quick: boolean
  readonly only: ReadonlySet<string>
  /** The directory of another checkout. */
  readonly against: string | undefined
  readonly rounds: number | undefined
}

const extentOf = ({ quick, rounds }: Options): Extent => ({
  rounds: rounds ?? (quick ? 2 : 3),
  seconds: quick ? 0.8 : 2,
  leadIn: quick ? 2_000 : 3_000,
  slice: quick ? 10_000 : 15_000,
  warmUp: quick ? 2_000 : 10_000,
  users: 100_000,
  mostUsers: quick ? 100_000 : 5_000_000,
  streamRounds: rounds ?? (quick ? 1 : 2),
  streamSeconds: quick ? 3 : 6,
  starts: quick ? 2 : 5,
  pacedSeconds: quick ? 4 : 12
})

/** Measures the workloads in `only`. A part that fails is missing, with a note that says why. */
export const benchmark = Effect.fnUntraced(function* (options: Options) {
  const { against, databaseServer, only } = options
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "chatkit-bench-" })
  const bench: Bench = { directory, keys: makeKeys(), extent: extentOf(options) }
  const { rounds, seconds, users } = bench.extent

  const database = yield* filledDatabase(databaseServer, users, bench.keys)
  const { notes, passingOn, peers, streaming } =
    against === undefined
      ? yield* usualPeers(database)
      : // The tables of the two may differ, and each server migrates its own when it starts.
        yield* otherCheckout(against, yield* filledDatabase(databaseServer, users, bench.keys))
  const [own, whole] = [ours(database), answering(database)]

  const lines: Array<LineResult> = []
  const missing: Array<string> = []
  const part = <E extends { readonly message: string }, R>(
    measured: Effect.Effect<ReadonlyArray<LineResult>, E, R>
  ) =>
    Effect.match(measured, {
      onSuccess: (results) => void lines.push(...results),
      onFailure: ({ message }) => void missing.push(`A part is missing: ${message}`)
    })

  const all = requestLines(bench, [own, ...peers])
  const chosen = all.filter(({ workload }) => only.has(workload))
  if (chosen.length > 0) {
    yield* part(
      Effect.flatMap(measureRequests(bench, chosen), (results) =>
        withStatements(bench, chosen, results)
      )
    )
  }
  if (only.has("v")) {
    const variant = { workload: "v", servers: [own, ...variants(database)] }
    yield* part(
      measureRequests(
        bench,
        all.slice(0, 1).map((warm) => ({ ...warm, ...variant }))
      )
    )
  }
  if (only.has("f")) yield* part(measureGrowth(bench, databaseServer))
  if (only.has("g")) yield* part(measureStreams(bench, [own, ...streaming]))
  if (only.has("m")) yield* part(measureModel(bench, [whole, ...passingOn]))
  if (only.has("n")) yield* part(measureNeighbours(bench, database))
  if (only.has("h")) yield* part(measureStart(bench, database))
  for (const why of missing) yield* say(why)

  const results: Results = {
    machine: {
      CPU: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
      Node: process.versions.node,
      autocannon: manifest.dependencies.autocannon,
      ...(yield* settingsOf(database))
    },
    options: {
      date: new Date().toISOString().slice(0, 10),
      quick: options.quick,
      rounds,
      "seconds each": seconds,
      users,
      connections: 64
    },
    notes: [...notes, ...missing],
    lines
  }
  return { results, complete: missing.length === 0 }
}, Effect.scoped)
