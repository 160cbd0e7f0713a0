import { type Figure, figures, type LineResult } from "./Rounds.ts"
import { verdicts } from "./Targets.ts"

export interface Results {
  readonly date: string
  readonly machine: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly notes: ReadonlyArray<string>
  readonly lines: ReadonlyArray<LineResult>
}

interface Section {
  readonly workloads: string
  readonly text?: string
  readonly figures: ReadonlyArray<Figure>
  /** What the first server is divided by, and the heading of it. */
  readonly ratios: Readonly<{ [K in Figure]?: string }>
}

const speed = ["requestsPerSecond", "p50", "p99", "cpu"] as const
const cost = { requestsPerSecond: "cost: first ÷ this" }

const sections: ReadonlyArray<Section> = [
  {
    workloads: "abcde",
    figures: [...speed, "statements"],
    ratios: { requestsPerSecond: "ours ÷ peer", cpu: "CPU ours ÷ peer" }
  },
  {
    workloads: "v",
    text: "## The worth of each part\n\nWarm EdDSA, with one thing switched off or on.",
    figures: speed,
    ratios: cost
  },
  {
    workloads: "f",
    text: "## Growth of the tables\n\n10,000 EdDSA tokens of as many users.",
    figures: speed,
    ratios: cost
  },
  {
    workloads: "g",
    text: "## Streams\n\n1,000 open, each with 10 events a second: 10,000 events a second are due.",
    figures: ["eventsPerSecond", "cpuPerEvent", "memory", "repeated"],
    ratios: { cpuPerEvent: "CPU ours ÷ peer" }
  },
  { workloads: "h", text: "## Start", figures: ["ready", "idle"], ratios: {} }
]

const shown = (figure: Figure, value: number | undefined) =>
  value === undefined
    ? "-"
    : value.toLocaleString("en", {
        minimumFractionDigits: figures[figure][1],
        maximumFractionDigits: figures[figure][1]
      })

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const width = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0))
  )
  const line = (row: ReadonlyArray<string>, fill = " ") =>
    `| ${width.map((n, i) => (i < 2 ? (row[i] ?? "").padEnd(n, fill) : (row[i] ?? "").padStart(n, fill))).join(" | ")} |`
  const rule = line(
    head.map((_, i) => (i < 2 ? "" : ":")),
    "-"
  ).replaceAll(/(-+):(-*)/g, "$1$2:")
  return [line(head), rule, ...rows.map((row) => line(row))].join("\n")
}

const section = (lines: ReadonlyArray<LineResult>, { figures: shownFigures, ratios }: Section) => {
  const compared = Object.entries(ratios) as ReadonlyArray<[Figure, string]>
  return table(
    [
      "workload",
      "server",
      ...shownFigures.map((figure) => figures[figure][0]),
      ...compared.map(([, heading]) => heading)
    ],
    lines.flatMap(({ servers, title, workload }) =>
      servers.map(({ median, ratio, server }, i) => [
        i === 0 ? `(${workload}) ${title}` : "",
        server,
        ...shownFigures.map((figure) => shown(figure, median[figure])),
        ...compared.map(([figure]) =>
          i === 0 || ratio[figure] === undefined ? "" : `${ratio[figure].toFixed(2)}×`
        )
      ])
    )
  )
}

const targetTable = (lines: ReadonlyArray<LineResult>) =>
  table(
    ["target", "", "wanted", "measured", ""],
    verdicts(lines).map(({ met, target, title, value }) => {
      const { against, atLeast, atMost = 0, figure } = target
      const unit = against === undefined ? "" : "×"
      return [
        title,
        figures[figure][0] + (against === undefined ? "" : ` against ${against}`),
        `${atLeast === undefined ? "≤" : "≥"} ${Number((atLeast ?? atMost).toFixed(3))}${unit}`,
        `${Number(value.toFixed(3))}${unit}`,
        met ? "met" : "not met"
      ]
    })
  )

const sentence = (entries: Readonly<Record<string, string | number | boolean>>) =>
  `${Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ")}.`

/** The results as Markdown that also reads well on a terminal. */
export const report = ({ lines, machine, notes, options }: Results): string => {
  const parts = ["# Benchmark", sentence(machine), sentence(options)]
  for (const one of sections) {
    const own = lines.filter(({ workload }) => one.workloads.includes(workload))
    if (own.length === 0) continue
    if (one.text !== undefined) parts.push(one.text)
    parts.push(section(own, one))
  }
  if (verdicts(lines).length > 0) parts.push("## Targets", targetTable(lines))
  if (notes.length > 0) parts.push(notes.map((note) => `- ${note}`).join("\n"))
  return `${parts.join("\n\n")}\n`
}
