import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"))

interface Title {
  readonly file: string
  readonly kind: string
  /** With the titles it stands under. */
  readonly path: string
}

/** The start of a block or a test, as Prettier indents it, and the next string after a bracket. */
const beginning = /^( *)(?:for \(.*\) )?(describe|layer|it)\b/
const title = /\(\s*("(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`),/

/** The titles in the source of a file; those that are made at run time as they are written. */
const titlesIn = (file: string): ReadonlyArray<Title> => {
  const lines = readFileSync(join(import.meta.dirname, file), "utf8").split("\n")
  const open: Array<{ readonly indent: number; readonly text: string }> = []
  return lines.flatMap((line, number) => {
    const [, indent, kind = ""] = beginning.exec(line) ?? []
    if (indent === undefined) return []
    while ((open.at(-1)?.indent ?? -1) >= indent.length) open.pop()
    const end = lines.findIndex((later, n) => n >= number && /=>( \{)?$/.test(later))
    const text = title.exec(lines.slice(number, end + 1).join("\n"))?.[1]
    if (text === undefined) return []
    const path = [...open.map(({ text }) => text), text].join(" > ")
    if (kind !== "it") open.push({ indent: indent.length, text })
    return [{ file, kind, path }]
  })
}

const titles = files.filter((file) => !file.startsWith("support/")).flatMap(titlesIn)

/** Every path that occurs twice, by the files where it does. */
const repeated = (some: ReadonlyArray<Title>) =>
  [...Map.groupBy(some, ({ path }) => path)]
    .filter(([, same]) => same.length > 1)
    .map(([path, same]) => `${path}: ${same.map(({ file }) => file).join(", ")}`)

describe("the tests", () => {
  it("have titles that this test finds", () => {
    assert.isAbove(titles.filter(({ kind }) => kind === "it").length, 500)
    assert.isAbove(titles.filter(({ kind }) => kind !== "it").length, 100)
  })

  it("have a title of their own each", () => {
    assert.deepStrictEqual(repeated(titles.filter(({ kind }) => kind === "it")), [])
  })

  it("are in blocks whose titles, with those around them, no other file has", () => {
    const blocks = titles.filter(({ kind }) => kind !== "it")
    const oncePerFile = new Map(blocks.map((block) => [`${block.file} ${block.path}`, block]))
    assert.deepStrictEqual(repeated([...oncePerFile.values()]), [])
  })

  it("have all their helpers in support", () => {
    const elsewhere = files.filter(
      (file) => !/\.test\.ts$|^(support|contracts)\//.test(file) && file !== "vitest.config.ts"
    )
    assert.deepStrictEqual(elsewhere, [])
  })

  it("of one source are named after it, in the same folder", () => {
    const sources = join(import.meta.dirname, "../src")
    const strays = files
      .filter((file) => file.startsWith("unit/"))
      .filter((file) => {
        const [name] = basename(file).split(".")
        return !existsSync(join(sources, dirname(file).slice("unit/".length), `${name}.ts`))
      })
    assert.deepStrictEqual(strays, [])
  })
})
