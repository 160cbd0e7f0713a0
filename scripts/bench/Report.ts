import { type Figure, figures, type LineResult } from "./Rounds.ts"

export interface Results {
  readonly machine: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly notes: ReadonlyArray<string>
  readonly lines: ReadonlyArray<LineResult>
}

interface Section {
  readonly workloads: string
  readonly text: string
  readonly figures: ReadonlyArray<Figure>
  /** Figures of the first server that are divided by this one's, with their headings. */
  readonly ratios: ReadonlyArray<readonly [Figure, string]>
}

const speed = ["requestsPerSecond", "p50", "p99", "cpu"] as const
const cost = [["requestsPerSecond", "first ÷ this"]] as const

const sections: ReadonlyArray<Section> = [
  {
    workloads: "abcde",
    text: "## Requests",
    figures: [...speed, "statements"],
    ratios: [
      ["requestsPerSecond", "ours ÷ peer"],
      ["cpu", "CPU ours ÷ peer"]
    ]
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
    ratios: [["cpuPerEvent", "CPU ours ÷ peer"]]
  },
  {
    workloads: "m",
    text: "## Answers of a model\n\n100 open, each with 20 deltas a second, from the model's socket to the client's. The pass-through authenticates nobody and stores nothing.",
    figures: ["eventsPerSecond", "cpuPerEvent"],
    ratios: [["cpuPerEvent", "CPU ours ÷ peer"]]
  },
  {
    workloads: "n",
    text: "## One user beside another\n\nAn ordinary user asks 25 times a second for the list of threads, for a thread's items and for an answer, beside one who floods the server with bodies of 1 MiB, with pages of 4 MiB, or with 200 bodies that never end. The limits are the default ones. Due: a p99 of at most 3 × the one alone, and nothing that fails.",
    figures: ["p50", "p99", "failed"],
    ratios: [["p99", "p99 beside ÷ alone"]]
  },
  { workloads: "h", text: "## Start", figures: ["ready", "idle"], ratios: [] }
]

const shown = (value: number | undefined, digits: number) =>
  value?.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }) ??
  "-"

/** A Markdown table that also reads well on a terminal. The first two columns are text. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const rule = widths.map((width, i) => (i < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [...rows.slice(0, 1), rule, ...rows.slice(1)]
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    )
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")
}

const section = (lines: ReadonlyArray<LineResult>, { figures: own, ratios }: Section) =>
  table([
    [
      "workload",
      "server",
      ...own.map((figure) => figures[figure][0]),
      ...ratios.map(([, heading]) => heading)
    ],
    ...lines.flatMap(({ servers, title, workload }) =>
      servers.map(({ median, ratio, server }, i) => [
        i === 0 ? `(${workload}) ${title}` : "",
        server,
        ...own.map((figure) => shown(median[figure], figures[figure][1])),
        ...ratios.map(([figure]) => (i === 0 ? "" : `${shown(ratio[figure], 2)}×`))
      ])
    )
  ])

const sentence = (entries: Readonly<Record<string, string | number | boolean>>) =>
  `${Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ")}.`

/** The results as Markdown. */
export const report = ({ lines, machine, notes, options }: Results): string => {
  const parts = sections.flatMap((one) => {
    const own = lines.filter(({ workload }) => one.workloads.includes(workload))
    return own.length === 0 ? [] : [one.text, section(own, one)]
  })
  const remarks = notes.map((note) => `- ${note}`).join("\n")
  const all = ["# Benchmark", sentence(machine), sentence(options), ...parts, remarks]
  return `${all.filter((part) => part !== "").join("\n\n")}\n`
}
