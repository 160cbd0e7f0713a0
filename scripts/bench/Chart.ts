import type { LineResult } from "./Rounds.ts"

const drawn = ["warm EdDSA", "warm HS256", "cold", "refused"]

const width = 760
const left = 130
const right = 90
const bar = 20
const gap = 6
const head = 40

// The card brings its own background, so that it reads on a page of any colour.
const style = `
    .card { fill: #ffffff; stroke: #d0d7de }
    text { fill: #1f2328; font: 13px system-ui, sans-serif }
    .title { font-weight: 600 }
    .other { fill: #afb8c1 }
    .ours { fill: #1f6feb }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d }
      text { fill: #e6edf3 }
      .other { fill: #484f58 }
      .ours { fill: #388bfd }
    }`

/** Bars of one line under its title, each as long as its server is fast; the first is ours. */
const group = ({ servers, title }: LineResult, top: number) => {
  const speeds = servers.map(({ median }) => median.requestsPerSecond ?? 0)
  const bars = servers.map(({ server }, i) => {
    const speed = speeds[i] ?? 0
    const y = top + head + i * (bar + gap)
    const length = Math.max(1, (speed / Math.max(...speeds, 1)) * (width - left - right))
    return `
  <text x="${left - 10}" y="${y + 15}" text-anchor="end">${server}</text>
  <rect class="${i === 0 ? "ours" : "other"}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar}" rx="3"/>
  <text x="${(left + length + 8).toFixed(1)}" y="${y + 15}">${Math.round(speed).toLocaleString("en")}</text>`
  })
  return `
  <text class="title" x="${left}" y="${top + 28}">${title}, requests/s</text>${bars.join("")}`
}

/** Requests per second of all servers, as a picture. */
export const chart = (lines: ReadonlyArray<LineResult>): string => {
  const groups: Array<string> = []
  let top = 0
  for (const line of lines.filter(({ title }) => drawn.includes(title))) {
    groups.push(group(line, top))
    top += head + line.servers.length * (bar + gap)
  }
  const height = top + 20
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Requests per second">
  <style>${style}
  </style>
  <rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>${groups.join("")}
</svg>
`
}
