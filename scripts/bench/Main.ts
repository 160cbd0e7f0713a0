import { join, resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Config, Console, Effect, FileSystem, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { BenchFailed, say } from "./Bench.ts"
import { benchmark } from "./Benchmark.ts"
import { chart } from "./Chart.ts"
import { report } from "./Report.ts"

const workloads = ["a", "b", "c", "d", "e", "f", "g", "h", "m", "n", "v"]

const flags = {
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("A short run to see that everything works: its figures mean little"),
    Flag.withDefault(false)
  ),
  only: Flag.String("only").pipe(
    Flag.withDescription(
      "Workloads, as a,c,g: a warm, b cold, c refused, d one user, e concurrency, f growth of the tables, g streams, h start, m deltas of a model, n one user beside an abusive one, v variants of the server"
    ),
    Flag.withDefault(workloads.join(",")),
    Flag.filter(
      (text) => text.split(",").every((name) => workloads.includes(name)),
      () => `workloads of ${workloads.join(", ")}, separated by commas`
    )
  ),
  against: Flag.Directory("against", { mustExist: true }).pipe(
    Flag.withDescription("Another checkout of this project, to be measured instead of the peers"),
    Flag.optional
  ),
  rounds: Flag.Int("rounds").pipe(
    Flag.withDescription("How often every server is visited on every line"),
    Flag.filter(
      (rounds) => rounds > 0,
      () => "a whole number from 1"
    ),
    Flag.optional
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "The directory for results.json, results.md and chart.svg (scripts/bench/results; nothing is written with --against)"
    ),
    Flag.optional
  )
}

const databaseServer = Effect.mapError(
  Config.String("BENCH_DATABASE_URL"),
  () =>
    new BenchFailed({
      message:
        "Set BENCH_DATABASE_URL to a PostgreSQL server on which databases may be created, as postgres://postgres@127.0.0.1:5432/postgres."
    })
)

const bench = Command.make("bench", flags, ({ against, only, out, quick, rounds }) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { complete, results } = yield* benchmark({
      databaseServer: yield* databaseServer,
      quick,
      only: new Set(only.split(",")),
      against: Option.getOrUndefined(against),
      rounds: Option.getOrUndefined(rounds)
    })
    const text = report(results)
    yield* Console.log(text)
    const usual = Option.isNone(against) ? join(import.meta.dirname, "results") : undefined
    const directory = Option.getOrElse(out, () => usual)
    if (directory !== undefined) {
      yield* fs.makeDirectory(directory, { recursive: true })
      const json = `${JSON.stringify(results, null, 2)}\n`
      yield* fs.writeFileString(join(directory, "results.json"), json)
      yield* fs.writeFileString(join(directory, "results.md"), text)
      yield* fs.writeFileString(join(directory, "chart.svg"), chart(results.lines))
      yield* say(`Written to ${resolve(directory)}.`)
    }
    if (!complete) return yield* new BenchFailed({ message: "A part is missing." })
  })
).pipe(
  Command.withDescription(
    "Measures this server beside its peers. BENCH_DATABASE_URL names a PostgreSQL server on which databases may be created."
  )
)

// A closed terminal must clean up like any other end.
process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

Command.run(bench, { version: "1" }).pipe(
  Effect.timeoutOrElse({
    duration: "30 minutes",
    orElse: () => new BenchFailed({ message: "The benchmark took more than 30 minutes." })
  }),
  Effect.provide(NodeServices.layer),
  Effect.onInterrupt(() => say("Stopped. Nothing is left behind.")),
  Effect.tapCause((cause) => {
    const error = Cause.squash(cause)
    // The library has said itself what is wrong with a flag.
    if (CliError.isCliError(error)) return Effect.void
    return Console.error(error instanceof BenchFailed ? error.message : Cause.pretty(cause))
  }),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
