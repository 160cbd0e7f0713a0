import type { Edit } from "../Mutant.ts"
import { child, children, type Visit } from "./Syntax.ts"

const begins =
  /^\s*\(?(select|with|insert|update|delete|set|and|join|on conflict|alter|create table)\b/i

/** The text of a template with `${…}` blanked out, in the same positions. */
const masked = (source: string, start: number, end: number, holes: ReadonlyArray<Hole>): string => {
  let text = source.slice(start, end)
  for (const hole of holes) {
    const [from, to] = [hole.start - start, hole.end - start]
    text = text.slice(0, from) + "?".repeat(to - from) + text.slice(to)
  }
  return text
}

interface Hole {
  readonly start: number
  readonly end: number
}

/**
 * The end of a condition or clause that begins at `from`: the next word of these, its bracket, or a
 * hole at the beginning of a line.
 */
const endOf = (text: string, from: number, stop: RegExp): number => {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    if (text[i] === "(") depth++
    if (text[i] === ")" && depth-- === 0) return i
    if (depth > 0 || i === from || !/\s/.test(text[i - 1]!)) continue
    if (stop.test(text.slice(i)) || (/\n *$/.test(text.slice(from, i)) && text[i] === "?")) return i
  }
  return text.length
}

const clause =
  /^(and|or|order by|limit|for (no key )?update|returning|group by|union|on|then|using|where|left|join)\b/i
const afterOrder = /^(limit|for (no key )?update|returning|union)\b/i

/** Replaces what a pattern finds by other words. */
const words: ReadonlyArray<readonly [RegExp, string]> = [
  [/ <= /g, " < "],
  [/ >= /g, " > "],
  [/ < /g, " <= "],
  [/ > /g, " >= "],
  [/\bis null\b/gi, "is not null"],
  [/\bis not null\b/gi, "is null"],
  [/\bnot (?=exists|in\b|\w+\.)/gi, ""],
  [/ desc\b/gi, ""],
  [/\bor\b/gi, "and"],
  [/\bleft join\b/gi, "join"],
  [/\bunion all\b/gi, "union"],
  [/\bdistinct\b/gi, ""],
  [/\bfor (no key )?update( skip locked)?/gi, ""],
  [/ skip locked\b/gi, ""],
  [/ on delete cascade\b/gi, ""],
  [/ limit (\d+|\?+)/gi, ""],
  [/(?<=\binterval ')\d+/gi, "9"]
]

/** The lists of what `set` assigns: where one is, and its members. */
const assignmentsIn = (text: string) =>
  [...text.matchAll(/\bset /gi)].map((match) => {
    const start = match.index + match[0].length
    const end = endOf(text, start, clause)
    return { start, end, members: text.slice(start, end).trimEnd().split(/,\s*/) }
  })

/** Mistakes in one text of SQL, where `offset` is its place in the file. */
const editsOf = (text: string, offset: number): ReadonlyArray<Edit> => {
  const edits: Array<Edit> = []
  const add = (kind: string, start: number, end: number, replacement: string) =>
    edits.push({ kind, start: offset + start, end: offset + end, text: replacement })

  for (const [pattern, replacement] of words) {
    for (const { 0: found, index } of text.matchAll(pattern)) {
      add("sql", index, index + found.length, replacement)
    }
  }
  for (const match of text.matchAll(/\b(where|and|on|or) (?!conflict|delete)/gi)) {
    const start = match.index + match[0].length
    const neutral = /^or /i.test(match[0]) ? "false" : "true"
    add("sql condition", start, endOf(text, start, clause), `${neutral} `)
  }
  for (const match of text.matchAll(/\border by /gi)) {
    add("sql order", match.index, endOf(text, match.index + match[0].length, afterOrder), "")
  }
  for (const { end, members, start } of assignmentsIn(text).filter(
    ({ members }) => members.length > 1
  )) {
    let at = start
    members.forEach((member, n) => {
      const next = text.indexOf(members[n + 1] ?? "", at + member.length)
      const [from, to] = n === 0 ? [at, next] : [text.lastIndexOf(",", at), at + member.length]
      add("sql assignment", from, Math.min(to, end), "")
      at = next
    })
  }
  return edits
}

/** Mistakes in the SQL of a template: dropped conditions, other comparisons, no lock, no order. */
export const sqlEdits = (source: string, { node, parents }: Visit): ReadonlyArray<Edit> => {
  if (node.type !== "TemplateLiteral") return []
  const [start, end] = [node.start + 1, node.end - 1]
  const holes = children(node, "expressions").map((hole) => ({
    start: hole.start - 2,
    end: hole.end + 1
  }))
  const text = masked(source, start, end, holes)
  const isTagged = child(parents[0], "tag")?.["name"] === "sql"
  return isTagged || begins.test(text) ? editsOf(text, start) : []
}
