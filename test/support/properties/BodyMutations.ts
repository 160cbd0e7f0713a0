import { Schema } from "effect"
import { upTo } from "./PropertyServer.ts"

/** In everything that is sent, and so nowhere in the log. */
export const mark = "hunter2"

const nested = (depth: number, [open, close]: readonly [string, string]) =>
  open.repeat(depth) + `"${mark}"` + close.repeat(depth)

const lists = ["[", "]"] as const
const objects = [`{"${mark}":`, "}"] as const

/** Far deeper than anything is taken, and nearly as deep as something is. */
export const deep = {
  lists: nested(10_000, lists),
  objects: nested(10_000, objects),
  fewer: nested(990, objects)
}

/** Surprising values, as text that JSON allows, or nearly. */
const surprises = {
  nothing: "",
  null: "null",
  true: "true",
  zero: "0",
  "minus zero": "-0",
  negative: "-1",
  fraction: "5.5",
  "more than a safe integer": "12345678901234567890",
  "more than a number": "1e400",
  "less than a number": "-1e400",
  NaN: "NaN",
  "NaN as text": `"NaN"`,
  "a number as text": `"1e999"`,
  "an empty text": `""`,
  "a plain text": `"${mark}"`,
  "a text with U+0000": `"\\u0000${mark}\\u0000"`,
  "lone surrogates": `"\\ud800${mark}\\udfff\\ud83d"`,
  "a line separator": `"\\u2028${mark}\\r\\n\\n${mark}"`,
  "an unfinished text": `"${mark}`,
  "a long text": `"${`${mark} `.repeat(30_000)}"`,
  "a directive of surprises": `"/title \\u0000${mark}\\ud800\\n/domains \\u0000\\n/meta \\u0000|\\ud800\\n/say \\u0000"`,
  "a directive of objects": `"/tool \\u0000${mark}|{\\"__proto__\\":{\\"\\\\u0000\\":1}}\\n/widget \\ud800\\n/structured"`,
  "a path": `"../../${mark}"`,
  "another id": `"msg_00000000000000000000000000000000"`,
  "an empty list": "[]",
  "a long list": `[${Array.from({ length: 10_000 }, () => "1").join()}]`,
  "a list of texts": `["${mark}","${mark}"]`,
  "an empty object": "{}",
  prototypes: `{"__proto__":{"${mark}":1},"constructor":{"prototype":{}},"toString":null}`,
  "names that mean something": `{"length":-1,"then":{},"toJSON":"${mark}","_tag":"${mark}","":1,"\\u0000":1}`,
  "nearly a part": `{"type":"input_text","text":null}`,
  "lists in lists": deep.lists,
  "objects in objects": deep.objects
} as const
type Surprise = keyof typeof surprises

/** A change of one value in a body, by its number in the order of writing. */
export const Mutation = Schema.Struct({
  at: upTo(60),
  how: Schema.Literals([
    "is replaced",
    "is replaced",
    "is replaced",
    "is left out",
    "comes twice",
    "comes under another name",
    "is wrapped in a list",
    "has a neighbour"
  ]),
  surprise: Schema.Literals(Object.keys(surprises) as ReadonlyArray<Surprise>)
})
export type Mutation = typeof Mutation.Type

const names = ["__proto__", "constructor", "", "\u0000", "type", mark]

/** The JSON text of a value after that. */
export const mutated = (value: unknown, { at, how, surprise }: Mutation): string => {
  const text = surprises[surprise]
  const values = count(value)
  let left = at % values
  const write = (value: unknown, name?: string): ReadonlyArray<string> => {
    const isIt = left-- === 0
    const named = (text: string, as = name) =>
      as === undefined ? text : `${JSON.stringify(as)}:${text}`
    if (isIt && how === "is replaced") return [named(text)]
    if (isIt && how === "is left out") return []
    const inside =
      value === null || typeof value !== "object"
        ? JSON.stringify(value)
        : Array.isArray(value)
          ? `[${value.flatMap((element) => write(element)).join()}]`
          : `{${Object.entries(value)
              .flatMap(([name, member]) => write(member, name))
              .join()}}`
    if (!isIt) return [named(inside)]
    const other = names[at % names.length]
    switch (how) {
      case "comes twice":
        return [named(inside), named(text)]
      case "comes under another name":
        return [named(inside, name === undefined ? name : other)]
      case "has a neighbour":
        return [named(inside), named(text, name === undefined ? name : other)]
      default:
        return [named(`[${inside}]`)]
    }
  }
  return write(value).join()
}

const count = (value: unknown): number =>
  value === null || typeof value !== "object"
    ? 1
    : Object.values(value).reduce((sum: number, member) => sum + count(member), 1)
