import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Config, Console, Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { BenchFailed, say } from "./Bench.ts"
import { benchmark } from "./Benchmark.ts"
import { chart } from "./Chart.ts"
import { report } from "./Report.ts"

const workloads = ["a", "b", "c", "d", "e", "f", "g", "h", "v"]

const flags = {
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("A short run to see that everything works: its figures mean little"),
    Flag.withDefault(false)
  ),
  only: Flag.String("only").pipe(
    Flag.withDescription(
      "Workloads, as a,c,g: a warm, b cold, c refused, d one user, e concurrency, f growth of the tables, g streams, h start, v variants of the server"
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
  usersMax: Flag.Int("users-max").pipe(
    Flag.withDescription("The most users of workload f (5,000,000; 100,000 with --quick)"),
    Flag.filter(
      (users) => users >= 10_000,
      () => "a whole number from 10000"
    ),
    Flag.optional
  ),
  python: Flag.String("python").pipe(
    Flag.withDescription("The interpreter of the Python peer"),
    Flag.optional
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "The directory for results.json, results.md and chart.svg (scripts/bench/results; nothing is written with --against)"
    ),
    Flag.optional
  )
}

const databaseServer = Config.String("BENCH_DATABASE_URL").pipe(
  Effect.mapError(
    () =>
      new BenchFailed({
        message:
          "Set BENCH_DATABASE_URL to a PostgreSQL server on which databases may be created, as postgres://postgres@127.0.0.1:5432/postgres."
      })
  )
)

const bench = Command.make("bench", flags, ({ out, ...given }) =>
  Effect.gen(function* () {
    const { complete, results } = yield* benchmark({
      databaseServer: yield* databaseServer,
      quick: given.quick,
      only: new Set(given.only.split(",")),
      against: Option.getOrUndefined(given.against),
      rounds: Option.getOrUndefined(given.rounds),
      mostUsers: Option.getOrUndefined(given.usersMax),
      python: Option.match(given.python, { onNone: () => undefined, onSome: (one) => [one] })
    })
    const text = report(results)
    yield* Console.log(text)
    const usual = Option.isSome(given.against) ? undefined : join(import.meta.dirname, "results")
    const directory = Option.getOrElse(out, () => usual)
    if (directory !== undefined) {
      yield* Effect.sync(() => {
        mkdirSync(resolve(directory), { recursive: true })
        const write = (file: string, content: string) =>
          writeFileSync(resolve(directory, file), content)
        write("results.json", `${JSON.stringify(results, null, 2)}\n`)
        write("results.md", text)
        write("chart.svg", chart(results.lines))
      })
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
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return say("stopped, and everything cleaned up")
    const error = Cause.squash(cause)
    // The library has said itself what is wrong with a flag.
    if (CliError.isCliError(error)) return Effect.void
    return Console.error(error instanceof BenchFailed ? error.message : Cause.pretty(cause))
  }),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
