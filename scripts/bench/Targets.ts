import type { Figure, LineResult } from "./Rounds.ts"

interface Target {
  readonly workload: string
  /** Of one line only. */
  readonly title?: string
  readonly figure: Figure
  /** Our figure ÷ the figure of this server; without one, our figure itself. */
  readonly against?: string
  readonly atLeast?: number
  readonly atMost?: number
}

/** The speed that this server is meant to reach. */
const targets: ReadonlyArray<Target> = [
  { workload: "a", figure: "requestsPerSecond", against: "node:http", atLeast: 2.5 },
  { workload: "a", figure: "requestsPerSecond", against: "Fastify", atLeast: 4 },
  { workload: "a", figure: "requestsPerSecond", against: "Hono", atLeast: 4 },
  { workload: "a", figure: "requestsPerSecond", against: "FastAPI", atLeast: 12 },
  { workload: "a", figure: "statements", atMost: 1 / 16 },
  { workload: "a", figure: "p99", against: "node:http", atMost: 1 },
  { workload: "b", figure: "requestsPerSecond", against: "node:http", atLeast: 1.2 },
  { workload: "c", figure: "requestsPerSecond", against: "node:http", atLeast: 1 },
  { workload: "c", figure: "statements", atMost: 0 },
  { workload: "e", title: "1 at a time", figure: "p50", against: "node:http", atMost: 1.2 },
  { workload: "f", figure: "requestsPerSecond", against: "5,000,000 users", atMost: 1.3 },
  { workload: "g", figure: "cpuPerEvent", against: "node:http SSE", atMost: 2 },
  { workload: "g", figure: "memory", atMost: 58.6 },
  { workload: "h", figure: "ready", atMost: 1_500 }
]

export interface Verdict {
  readonly title: string
  readonly target: Target
  readonly value: number
  readonly met: boolean
}

/** The targets of everything that was measured. */
export const verdicts = (lines: ReadonlyArray<LineResult>): ReadonlyArray<Verdict> =>
  lines.flatMap(({ servers, title, workload }) =>
    targets
      .filter((target) => target.workload === workload && (target.title ?? title) === title)
      .flatMap((target) => {
        const { against, atLeast = -Infinity, atMost = Infinity, figure } = target
        const value =
          against === undefined
            ? servers[0]?.median[figure]
            : servers.find(({ server }) => server === against)?.ratio[figure]
        if (value === undefined) return []
        return [{ title, target, value, met: value >= atLeast && value <= atMost }]
      })
  )
