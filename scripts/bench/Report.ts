import type { LineResult, Results } from "./Results.ts"
import { type Target, targets } from "./Targets.ts"

const fixed = (value: number | undefined, digits: number) =>
  value === undefined || !Number.isFinite(value) ? "-" : value.toFixed(digits)

const whole = (value: number | undefined) =>
  value === undefined ? "-" : Math.round(value).toLocaleString("en")

/** Few digits for what is large, enough for what is nearly nothing. */
const few = (value: number | undefined) =>
  value === undefined ? "-" : value === 0 ? "0" : value < 1 ? value.toFixed(3) : value.toFixed(2)

const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  left = 1
): string => {
  const width = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)))
  const cells = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, i) => (i < left ? cell.padEnd(width[i]!) : cell.padStart(width[i]!))).join(" | ")} |`
  const rule = `| ${width.map((n, i) => (i < left ? "-".repeat(n) : `${"-".repeat(n - 1)}:`)).join(" | ")} |`
  return [cells(head), rule, ...rows.map(cells)].join("\n")
}

const main = (lines: ReadonlyArray<LineResult>) =>
  table(
    [
      "workload",
      "server",
      "requests/s",
      "p50 ms",
      "p99 ms",
      "CPU µs/request",
      "statements/request",
      "ours ÷ peer",
      "CPU ours ÷ peer"
    ],
    lines.flatMap(({ servers, title, workload }) =>
      servers.map((result, i) => [
        i === 0 ? `(${workload}) ${title}` : "",
        result.server,
        whole(result.requestsPerSecond),
        fixed(result.p50, 2),
        fixed(result.p99, 2),
        whole(result.cpu),
        few(result.statements),
        i === 0 ? "" : `${fixed(result.ratio.requestsPerSecond, 2)}×`,
        i === 0 ? "" : `${fixed(result.ratio.cpu, 2)}×`
      ])
    ),
    2
  )

/** The first server of each line is what the others are compared with. */
const compared = (first: string, lines: ReadonlyArray<LineResult>) =>
  table(
    [first, "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "its cost"],
    lines.flatMap(({ servers }) =>
      servers.map((result, i) => [
        result.server,
        whole(result.requestsPerSecond),
        fixed(result.p50, 2),
        fixed(result.p99, 2),
        whole(result.cpu),
        i === 0 ? "" : `${fixed(result.ratio.requestsPerSecond, 2)}×`
      ])
    )
  )

/** What a server had no time for. */
const remarksOn = ({ streams }: Results): ReadonlyArray<string> =>
  streams.flatMap(({ eventsPerSecond, repeated, server }) => [
    ...(eventsPerSecond < 9_500
      ? [
          `${server} delivered ${whole(eventsPerSecond)} of the 10,000 events a second that were due.`
        ]
      : []),
    ...(repeated > 0
      ? [`${server} answered 503 to ${whole(repeated)} streams, which were then asked for again.`]
      : [])
  ])

const verdict = ({ figure, limit, more, name, unit }: Target) => {
  const wanted = `${more ? "≥" : "≤"} ${limit}${unit}`
  if (figure === undefined) return [name, wanted, "-", "not measured"]
  const met = more ? figure >= limit : figure <= limit
  return [name, wanted, `${few(figure)}${unit}`, met ? "met" : "not met"]
}

/** The results as Markdown that also reads well on a terminal. */
export const report = (results: Results): string => {
  const { growth, lines, machine, notes, options, starts, streams, variants } = results
  const parts = [
    "# Benchmark",
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join("; ") + ".",
    Object.entries(options)
      .map(([name, value]) => `${name} ${value}`)
      .join("; ") + "."
  ]
  if (lines.length > 0) parts.push(main(lines))
  if (variants.length > 0) {
    parts.push(
      "## What each part is worth",
      "Warm EdDSA. Cost: requests/s of the server as it is ÷ requests/s of the variant.",
      compared("variant", variants)
    )
  }
  if (growth.length > 0) {
    parts.push(
      "## Growth of the tables",
      "10,000 EdDSA tokens of as many users. Cost: requests/s at the fewest ÷ requests/s at the most users.",
      compared("users", growth)
    )
  }
  if (streams.length > 0) {
    parts.push(
      "## Streams",
      "1,000 open, each with 10 events a second.",
      table(
        ["server", "events/s", "CPU µs/event", "KiB/stream", "CPU ours ÷ peer"],
        streams.map(({ cpu, eventsPerSecond, memory, ratio, server }, i) => [
          server,
          whole(eventsPerSecond),
          fixed(cpu, 1),
          fixed(memory, 1),
          i === 0 ? "" : `${fixed(ratio, 2)}×`
        ])
      )
    )
  }
  if (starts.length > 0) {
    parts.push(
      "## Start",
      table(
        ["server", "ready after ms", "idle MiB"],
        starts.map(({ idle, ready, server }) => [server, whole(ready), fixed(idle, 0)])
      )
    )
  }
  const rows = "against" in options ? [] : targets(results).map(verdict)
  if (rows.length > 0) {
    parts.push("## Targets", table(["target", "wanted", "measured", ""], rows))
  }
  const remarks = [...notes, ...remarksOn(results)]
  if (remarks.length > 0) parts.push(remarks.map((note) => `- ${note}`).join("\n"))
  return parts.join("\n\n") + "\n"
}
