import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "..")

const documents = ["README.md", "quickstart.md", ".github", "docs"].flatMap((name) =>
  name.endsWith(".md")
    ? [name]
    : readdirSync(join(root, name), { recursive: true, encoding: "utf8" })
        .map((file) => `${name}/${file.replaceAll("\\", "/")}`)
        .filter((file) => file.endsWith(".md"))
)

const rooms = readdirSync(join(root, "src"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(" ", "-")

const anchorsIn = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading))

/** The links of a document that lead to no file or no heading of this project. */
const brokenLinks = (document: string): ReadonlyArray<string> => {
  const text = readFileSync(join(root, document), "utf8")
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = "", anchor] = link.split("#")
      const target = path === "" ? join(root, document) : join(root, dirname(document), path)
      if (!existsSync(target)) return true
      return anchor !== undefined && !anchorsIn(readFileSync(target, "utf8")).includes(anchor)
    })
}

/** The source files that a document names and that do not exist, as `auth/Users.ts` or `src/App.ts`. */
const missingFiles = (document: string): ReadonlyArray<string> => {
  const text = readFileSync(join(root, document), "utf8")
  return [...text.matchAll(/`((?:src|test|scripts|examples)\/)?([\w/.-]+\.(?:ts|mjs))`/g)].flatMap(
    ([, top = "", path = ""]) => {
      const isOurs = top !== "" || rooms.includes(path.split("/")[0]!)
      return isOurs && !existsSync(join(root, top === "" ? "src/" : top, path)) ? [path] : []
    }
  )
}

const found = (check: (document: string) => ReadonlyArray<string>) =>
  documents.flatMap((document) => check(document).map((problem) => `${document}: ${problem}`))

describe("the documents", () => {
  it("link to files and headings that exist", () => {
    assert.deepStrictEqual(found(brokenLinks), [])
  })

  it("name source files that exist", () => {
    assert.deepStrictEqual(found(missingFiles), [])
  })
})
