import { dirname, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { loaders, rooms } from "./rooms.mjs"

const source = fileURLToPath(new URL("../../src", import.meta.url))
const law = "scripts/lint/rooms.mjs"

/** `auth/CurrentUser` for the file of that name below `src`; undefined for a file elsewhere. */
const moduleOf = (path) => {
  const name = relative(source, path).split(sep).join("/").replace(/\.ts$/, "")
  return name.startsWith("../") ? undefined : name
}

const roomOf = (module) => module.split("/")[0]

const matches = (entry, name) =>
  entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : entry === name

const allows = (list, ...names) => {
  const named = (entry) => names.some((name) => matches(entry, name))
  const entries = list.split(" ")
  return entries.some(named) && !entries.some((entry) => entry[0] === "!" && named(entry.slice(1)))
}

/** The sentence that refuses the import of `specifier` by the module `from`, or undefined. */
const refusal = (from, path, specifier) => {
  const room = roomOf(from)
  if (!Object.hasOwn(rooms, room)) return `The room "${room}" has no line in ${law}.`
  const [ours, packages] = rooms[room]
  if (!specifier.startsWith(".")) {
    return allows(packages, specifier)
      ? undefined
      : `The room "${room}" may not import the package "${specifier}": see ${law}.`
  }
  const to = moduleOf(resolve(dirname(path), specifier))
  if (to === undefined) return `"${specifier}" lies outside src.`
  const target = roomOf(to)
  return target === room || allows(ours, target, to)
    ? undefined
    : `The room "${room}" may not import the room "${target}" (${from} imports ${to}): see ${law}.`
}

const imports = {
  create(context) {
    const path = context.physicalFilename
    const from = moduleOf(path)
    if (from === undefined) return {}
    const check = (node) => {
      if (node.source === null) return
      if (node.source.type !== "Literal" && loaders.includes(from)) return
      const message =
        typeof node.source.value === "string"
          ? refusal(from, path, node.source.value)
          : `${law} cannot judge an import whose name is computed.`
      if (message !== undefined) context.report({ node, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check
    }
  }
}

/** A plugin for oxlint: `rooms/imports` enforces the import law on every file below `src`. */
export default { meta: { name: "rooms" }, rules: { imports } }
