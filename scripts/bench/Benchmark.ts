import { cpus } from "node:os"
import { Effect, FileSystem, Option } from "effect"
import { type Bench, type Extent, say } from "./Bench.ts"
import { filledDatabase, settingsOf } from "./Database.ts"
import { measureGrowth } from "./Growth.ts"
import type { Results } from "./Report.ts"
import { measureRequests } from "./Requests.ts"
import type { LineResult } from "./Rounds.ts"
import {
  checkout,
  fastify,
  handwritten,
  hono,
  ours,
  python,
  type Server,
  sse,
  variants
} from "./Servers.ts"
import { measureStart } from "./Start.ts"
import { withStatements } from "./Statements.ts"
import { measureStreams } from "./Streams.ts"
import { makeKeys } from "./Tokens.ts"
import { requestLines } from "./Workloads.ts"

export interface Options {
  readonly databaseServer: string
  readonly quick: boolean
  readonly only: ReadonlySet<string>
  readonly against: string | undefined
  readonly rounds: number | undefined
  readonly mostUsers: number | undefined
  /** Interpreters of the Python peer, to be tried in this order. */
  readonly python: ReadonlyArray<string> | undefined
}

const extentOf = ({ mostUsers, quick, rounds }: Options): Extent => ({
  rounds: rounds ?? (quick ? 2 : 3),
  seconds: quick ? 0.8 : 2,
  leadIn: quick ? 2_000 : 3_000,
  slice: quick ? 10_000 : 15_000,
  warmUp: quick ? 2_000 : 10_000,
  users: 100_000,
  mostUsers: mostUsers ?? (quick ? 100_000 : 5_000_000),
  streamRounds: rounds ?? (quick ? 1 : 2),
  streamSeconds: quick ? 3 : 6,
  starts: quick ? 2 : 5
})

interface Others {
  /** Measured beside ours in workloads a to e; the first is compared in every detail. */
  readonly peers: ReadonlyArray<Server>
  /** Measured beside ours in workload g. */
  readonly streaming: ReadonlyArray<Server>
  readonly notes: ReadonlyArray<string>
}

const usualPeers = Effect.fnUntraced(function* (
  database: string,
  interpreters: ReadonlyArray<string>
) {
  const fastapi = yield* python(interpreters, database)
  const peers = [handwritten(database), fastify(database), hono(database)]
  const others: Others = {
    peers: fastapi === undefined ? peers : [...peers, fastapi],
    streaming: [sse(database)],
    notes: [
      fastapi === undefined
        ? "FastAPI is left out: no Python interpreter here has all of its packages."
        : "python-jose does not support EdDSA: FastAPI is left out of lines with EdDSA tokens, and its forged and expired tokens are HS256 ones, which cost less to verify."
    ]
  }
  return others
})

const otherCheckout = Effect.fnUntraced(function* (directory: string, database: string) {
  const { server, streams } = yield* checkout(directory, database)
  const others: Others = {
    peers: [server],
    streaming: streams ? [server] : [],
    notes: streams ? [] : [`${server.name} is left out of streams: it cannot stream on command.`]
  }
  return others
})

/** Measures the workloads in `only`. A part that fails is left out, with a note that says why. */
export const benchmark = Effect.fnUntraced(function* (options: Options) {
  const { against, databaseServer, only } = options
  const fs = yield* FileSystem.FileSystem
  const bench: Bench = {
    directory: yield* fs.makeTempDirectoryScoped({ prefix: "chatkit-bench-" }),
    keys: makeKeys(),
    extent: extentOf(options)
  }
  const { extent, keys } = bench
  const database = yield* filledDatabase(databaseServer, extent.users, keys)
  const own = ours(database)
  const { notes, peers, streaming } =
    against === undefined
      ? yield* usualPeers(database, options.python ?? ["python3", "/usr/bin/python3"])
      : // The tables of the two may differ, and each server migrates its own when it starts.
        yield* otherCheckout(against, yield* filledDatabase(databaseServer, extent.users, keys))

  const missing: Array<string> = []
  const part = <E extends { readonly message: string }, R>(
    workload: string,
    measured: Effect.Effect<ReadonlyArray<LineResult>, E, R>
  ) =>
    Effect.catch(measured, ({ message }) => {
      missing.push(`Workload ${workload} is missing: ${message}`)
      return Effect.as(say(message), [])
    }).pipe(Effect.when(Effect.sync(() => only.has(workload))))

  const all = requestLines(bench, [own, ...peers])
  const chosen = all.filter(({ workload }) => only.has(workload))
  const variantLines = all
    .slice(0, 1)
    .map((warm) => ({ ...warm, workload: "v", servers: [own, ...variants(database)] }))
  const parts = [
    yield* part(
      chosen[0]?.workload ?? "",
      Effect.flatMap(measureRequests(bench, chosen), (results) =>
        withStatements(bench, chosen, results)
      )
    ),
    yield* part("v", measureRequests(bench, variantLines)),
    yield* part("f", measureGrowth(bench, databaseServer)),
    yield* part("g", measureStreams(bench, [own, ...streaming])),
    yield* part("h", measureStart(bench, database))
  ]

  const date = new Date().toISOString()
  const results: Results = {
    date,
    machine: {
      CPU: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
      Node: process.versions.node,
      ...(yield* settingsOf(database))
    },
    options: {
      date: date.slice(0, 10),
      quick: options.quick,
      rounds: extent.rounds,
      "seconds each": extent.seconds,
      users: extent.users,
      connections: 64
    },
    notes: [...notes, ...missing],
    lines: parts.flatMap(Option.getOrElse(() => []))
  }
  return { results, complete: missing.length === 0 }
}, Effect.scoped)
