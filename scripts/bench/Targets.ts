import type { LineResult, Results, ServerResult } from "./Results.ts"
import { fastify, handwritten, hono, ours, sse } from "./Servers.ts"

/** What this server is to be; each is a ratio within one run, or a plain figure. */
export interface Target {
  readonly name: string
  readonly figure: number | undefined
  readonly limit: number
  /** Whether more is better. */
  readonly more: boolean
  readonly unit: "×" | " KB" | " s" | ""
}

export const pythonName = "FastAPI"

/** All targets of the workloads that were run. */
export const targets = ({ growth, lines, starts, streams }: Results): ReadonlyArray<Target> => {
  const found: Array<Target> = []
  const add = (
    name: string,
    sign: "≥" | "≤",
    limit: number,
    unit: Target["unit"],
    figure: number | undefined
  ) => found.push({ name, figure, limit, unit, more: sign === "≥" })

  const within = (line: LineResult | undefined, server: string): ServerResult | undefined =>
    line?.servers.find((result) => result.server === server)
  const speed = (line: LineResult | undefined, server: string) =>
    within(line, server)?.ratio.requestsPerSecond

  const warm = lines.filter(({ workload }) => workload === "a")
  for (const line of warm) {
    add(`${line.title}, against node:http`, "≥", 2.5, "×", speed(line, handwritten.name))
    add(`${line.title}, against Fastify`, "≥", 4, "×", speed(line, fastify.name))
    add(`${line.title}, against Hono`, "≥", 4, "×", speed(line, hono.name))
    if (within(line, pythonName) !== undefined) {
      add(`${line.title}, against FastAPI`, "≥", 12, "×", speed(line, pythonName))
    }
  }
  for (const line of warm) {
    add(`${line.title}, statements/request`, "≤", 1 / 16, "", within(line, ours.name)?.statements)
    const p99 = within(line, handwritten.name)?.ratio.p99
    add(`${line.title}, p99 against node:http`, "≤", 1, "×", p99)
  }
  for (const line of lines.filter(({ workload }) => workload === "b")) {
    add("cold, against node:http", "≥", 1.2, "×", speed(line, handwritten.name))
  }
  for (const line of lines.filter(({ workload }) => workload === "c")) {
    add(`${line.title}, against node:http`, "≥", 1, "×", speed(line, handwritten.name))
    add(`${line.title}, statements/request`, "≤", 0, "", within(line, ours.name)?.statements)
  }
  const alone = lines.find(({ connections, workload }) => workload === "e" && connections === 1)
  if (alone !== undefined) {
    const p50 = within(alone, handwritten.name)?.ratio.p50
    add("1 at a time, p50 against node:http", "≤", 1.2, "×", p50)
  }
  for (const { servers } of growth) {
    add("growth of the tables", "≤", 1.3, "×", servers.at(-1)?.ratio.requestsPerSecond)
  }
  const [stream, plain] = [ours.name, sse.name].map((name) =>
    streams.find(({ server }) => server === name)
  )
  if (stream !== undefined && plain !== undefined) {
    const cost =
      stream.cpu === undefined || plain.cpu === undefined ? undefined : stream.cpu / plain.cpu
    add("CPU for each event, against node:http", "≤", 2, "×", cost)
    const kilobytes = stream.memory === undefined ? undefined : stream.memory * 1.024
    add("memory for each open stream", "≤", 60, " KB", kilobytes)
  }
  const start = starts.find(({ server }) => server === ours.name)
  if (start !== undefined) add("start to ready", "≤", 1.5, " s", start.ready / 1000)
  return found
}
