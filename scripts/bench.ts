import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { assertAnswers } from "./bench/Answers.ts"
import { autocannon } from "./bench/Autocannon.ts"
import type { Bench, Extent } from "./bench/Bench.ts"
import { chart } from "./bench/Chart.ts"
import { type Cleanup, makeCleanup } from "./bench/Cleanup.ts"
import { createDatabase, factsOf, fill, migrate } from "./bench/Data.ts"
import { startEmbedded } from "./bench/Embedded.ts"
import { growth } from "./bench/Growth.ts"
import { lines } from "./bench/Lines.ts"
import { report } from "./bench/Report.ts"
import { type Results, resultOf } from "./bench/Results.ts"
import { type Line, measure } from "./bench/Rounds.ts"
import {
  checkout,
  fastify,
  fleet,
  handwritten,
  hono,
  ours,
  python,
  type Server,
  sse,
  variants
} from "./bench/Servers.ts"
import { startTimes } from "./bench/Startup.ts"
import { countStatements } from "./bench/Statements.ts"
import { streams } from "./bench/Streams.ts"
import { makeKeys } from "./bench/Tokens.ts"
import { wrk } from "./bench/Wrk.ts"

const usage = `npm run bench -- [options]

  --quick              a short run: less of everything, figures mean little
  --only a,c,g         these workloads only: a warm, b cold, c refused, d one user, e concurrency,
                       f growth of the tables, g streams, h start, v variants of the server
  --users-max N        the most users of workload f (5,000,000; --quick: 100,000)
  --against DIRECTORY  another checkout of this project instead of the peers: what has become slower?
  --rounds N           how often every server is measured on every line
  --python PATH        the interpreter of the Python peer
  --out DIRECTORY      where results.json, results.md and chart.svg go (scripts/bench/results;
                       with --against nowhere)

BENCH_DATABASE_URL names a PostgreSQL server on which databases may be created.`

const workloads = ["a", "b", "c", "d", "e", "f", "g", "h", "v"]

const parsed = () => {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        only: { type: "string", default: workloads.join(",") },
        "users-max": { type: "string" },
        against: { type: "string" },
        rounds: { type: "string" },
        python: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", default: false }
      }
    })
    const only = new Set(values.only.split(",").map((name) => name.trim()))
    const unknown = [...only].filter((name) => !workloads.includes(name))
    if (unknown.length > 0) throw new Error(`there is no workload ${unknown.join(", ")}`)
    const usersMax = Number(values["users-max"] ?? (values.quick ? 100_000 : 5_000_000))
    if (!Number.isInteger(usersMax) || usersMax < 10_000) {
      throw new Error("--users-max: a whole number from 10000")
    }
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
      throw new Error("--rounds: a whole number from 1")
    }
    const results =
      values.against === undefined ? join(import.meta.dirname, "bench/results") : undefined
    return { ...values, only, usersMax, rounds, out: values.out ?? results }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

const options = parsed()
if (options.help) {
  console.log(usage)
  process.exit(0)
}

/** Nothing here takes this long unless it hangs. */
const hardLimit = 30 * 60 * 1000

const databaseServer = process.env["BENCH_DATABASE_URL"]
const embedded = databaseServer === undefined
const short = options.quick || embedded

const extent: Extent = {
  rounds: options.rounds ?? (short ? 2 : 3),
  seconds: short ? 0.8 : 2,
  leadIn: short ? 2_000 : 3_000,
  slice: short ? 10_000 : 15_000,
  warmUp: short ? 2_000 : 10_000,
  users: embedded ? 2_000 : 100_000,
  mostUsers: options.usersMax,
  streamRounds: options.rounds ?? (short ? 1 : 2),
  streamSeconds: short ? 3 : 6,
  starts: short ? 2 : 5
}

const say = (text: string) => {
  const elapsed = `${Math.round(performance.now() / 1000)} s`
  process.stderr.write(`${elapsed.padStart(7)}  ${text}\n`)
}

/** Node says nothing itself when a name has several addresses and none of them answers. */
const messageOf = (error: unknown): string =>
  error instanceof AggregateError && error.message === ""
    ? error.errors.map(messageOf).join("; ")
    : error instanceof Error
      ? error.message
      : String(error)

const pythonPeer = () =>
  python(options.python === undefined ? ["python3", "/usr/bin/python3"] : [options.python])

let leaving = false
let failed = false

type Writable<A> = { -readonly [K in keyof A]: A[K] }

const benchmark = async (cleanup: Cleanup): Promise<Results> => {
  const directory = mkdtempSync(join(tmpdir(), "chatkit-bench-"))
  cleanup.add(() => rmSync(directory, { recursive: true, force: true }))
  const generator = wrk(cleanup) ?? autocannon(cleanup)
  const keys = makeKeys()
  const bench: Bench = { cleanup, directory, generator, keys, extent, embedded, say }
  const notes: Array<string> = []
  const note = (text: string) => {
    say(text)
    notes.push(text)
  }

  if (!generator.name.startsWith("wrk")) {
    note("wrk is not installed: autocannon makes the load, and takes much of the CPU for it.")
  }
  if (embedded) {
    note(
      "BENCH_DATABASE_URL is not set: the embedded database is used, with one connection and one server at a time. The figures mean little."
    )
  }
  say("preparing the data")
  const database = embedded
    ? await startEmbedded(bench)
    : await createDatabase(databaseServer, cleanup)
  if (!embedded) await fill(database, extent.users, keys, say)
  await migrate(database, cleanup)
  const facts = await factsOf(database)

  const other = options.against === undefined ? undefined : checkout(resolve(options.against))
  // Of its own: the tables of the two may differ, and each server brings its own up to date.
  const otherDatabase =
    other === undefined || embedded ? database : await createDatabase(databaseServer, cleanup)
  if (otherDatabase !== database) await fill(otherDatabase, extent.users, keys, say)
  const databaseOf = (server: Server) => (server === other ? otherDatabase : database)

  const fastapi = other === undefined ? pythonPeer() : undefined
  if (other !== undefined) {
    note(`${other.name} is ${resolve(options.against ?? "")}; it takes the place of the peers.`)
  } else if (fastapi === undefined) {
    note("The Python stack is left out: no interpreter here has all of its packages.")
  } else {
    note(
      "python-jose knows no EdDSA: FastAPI is left out of lines with EdDSA tokens, and its forged and expired tokens are HS256 ones, which cost less to verify."
    )
  }
  const peers =
    other === undefined
      ? [handwritten, fastify, hono, ...(fastapi === undefined ? [] : [fastapi])]
      : [other]
  const closest = other === undefined ? [handwritten] : [other]

  const others = fleet(bench, databaseOf)
  const compare = (server: Server) => {
    say(`comparing answers: ${server.name}`)
    return others.use(server, (running) => assertAnswers(running, keys))
  }
  const chosen = lines(bench, peers, closest).filter(({ workload }) => options.only.has(workload))
  for (const server of chosen.length > 0 ? [ours, ...peers] : [ours]) await compare(server)
  const [warm] = lines(bench, peers)
  const varied: ReadonlyArray<Line> =
    options.only.has("v") && warm !== undefined
      ? [{ ...warm, workload: "v", title: "variants", servers: [ours, ...variants] }]
      : []
  for (const { servers } of varied) {
    for (const server of servers.slice(1)) await compare(server)
  }
  await others.stop()

  const all = fleet(bench, databaseOf)
  const measured = await measure(bench, all, chosen)
  await all.stop()
  const statements = await countStatements(bench, chosen, databaseOf)

  const variantFleet = fleet(bench, () => database)
  const variantsMeasured = await measure(bench, variantFleet, varied)
  await variantFleet.stop()

  const runs = (workload: string, what: string) => {
    if (!options.only.has(workload)) return false
    if (embedded) note(`${what} needs a real PostgreSQL, and is left out.`)
    return !embedded
  }
  const later: Pick<Writable<Results>, "growth" | "streams" | "starts"> = {
    growth: [],
    streams: [],
    starts: []
  }
  /** What was measured before is worth having, even if this goes wrong. */
  const alone = async (work: (bench: Bench) => Promise<void>) => {
    const own = makeCleanup()
    const finished = cleanup.add(own.run)
    try {
      await work({ ...bench, cleanup: own })
    } catch (error) {
      if (leaving) throw error
      failed = true
      note(`A part is missing: ${messageOf(error)}.`)
    } finally {
      await finished()
    }
  }
  if (runs("f", "Growth of the tables") && databaseServer !== undefined) {
    await alone(async (bench) => void (later.growth = await growth(bench, databaseServer)))
  }
  if (runs("g", "Streams")) {
    if (other?.streams === false) note(`${other.name} has no server for streams: left out.`)
    const others = other === undefined ? [sse] : other.streams ? [other] : []
    await alone(async (bench) => void (later.streams = await streams(bench, databaseOf, others)))
  }
  if (runs("h", "The start")) {
    await alone(async (bench) => void (later.starts = await startTimes(bench, database)))
  }

  const [cpu] = cpus()
  return {
    date: new Date().toISOString(),
    machine: {
      CPU: `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}`,
      Node: process.versions.node,
      PostgreSQL: `${facts.version}${embedded ? " (embedded)" : ""}`,
      load: generator.name,
      ...facts.settings
    },
    options: {
      date: new Date().toISOString().slice(0, 10),
      quick: options.quick,
      ...(other === undefined ? {} : { against: other.name }),
      rounds: extent.rounds,
      "seconds each": extent.seconds,
      users: extent.users,
      connections: 64
    },
    notes,
    lines: measured.map((one) => resultOf(one, statements)),
    variants: variantsMeasured.map((one) => resultOf(one)),
    ...later
  }
}

const cleanup = makeCleanup()
const leave = async (why: string, code: number) => {
  if (leaving) return
  leaving = true
  say(why)
  await cleanup.run()
  process.exit(code)
}
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129]
] as const) {
  process.on(signal, () => void leave(`${signal}: cleaning up`, code))
}
setTimeout(() => void leave("The benchmark took too long: cleaning up", 1), hardLimit).unref()

try {
  const results = await benchmark(cleanup)
  const text = report(results)
  console.log(text)
  if (options.out === undefined) await leave("The end.", failed ? 1 : 0)
  const out = resolve(options.out ?? "")
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, "results.json"), JSON.stringify(results, null, 2) + "\n")
  writeFileSync(join(out, "results.md"), text)
  writeFileSync(join(out, "chart.svg"), chart(results))
  await leave(`Written to ${out}.`, failed ? 1 : 0)
} catch (error) {
  await leave(`The benchmark has failed: ${messageOf(error)}`, 1)
}
