import { Schema } from "effect"
import { upTo } from "./PropertyServer.ts"

const words = Schema.Literals([
  "one two three",
  " spaced  out ",
  "naïve 🦋 — Ok\t",
  'a|b\\c"d',
  "x"
])

const Line = Schema.Struct({
  do: Schema.Literals([
    "say",
    "say",
    "say",
    "hidden",
    "hidden",
    "widget",
    "widget",
    "tool",
    "tool",
    "tool",
    "structured",
    "structured",
    "remove",
    "replace",
    "partial",
    "title",
    "status active",
    "status closed|Enough",
    "meta",
    "raise",
    "pause",
    "many"
  ]),
  words
})

/** One thing a person does; what it has no use for is left alone. */
export const Command = Schema.Struct({
  do: Schema.Literals([
    "create",
    "chat",
    "add",
    "add",
    "add",
    "retry",
    "retry",
    "output",
    "output",
    "answer",
    "answer",
    "press",
    "press",
    "sync",
    "rename",
    "delete",
    "feedback"
  ]),
  lines: Schema.Array(Line).check(Schema.isMinLength(1), Schema.isMaxLength(5)),
  words,
  thread: upTo(20),
  item: upTo(40),
  n: upTo(20)
})
export type Command = typeof Command.Type

const beforePause = "now comes the pause"

/** Once the client has heard this, all that comes before the pause has happened. */
export const heard = `"message":"${beforePause}"`

const written = ({ do: what, words }: (typeof Line)["Type"]): ReadonlyArray<string> => {
  switch (what) {
    case "many":
      return Array.from({ length: 22 }, (_, i) => `/say ${i}`)
    case "pause":
      return [`/notice info|${beforePause}`, "/pause"]
    case "tool":
      return ["/tool look"]
    case "meta":
      return ["/meta key|value"]
    case "structured":
    case "remove":
    case "status active":
    case "status closed|Enough":
      return [`/${what}`]
    default:
      return [`/${what} ${words}`]
  }
}

/** Something for every command: a question, calls and a widget, and answers that were stopped. */
export const beginning: ReadonlyArray<Command> = (
  [
    ["structured", "say", "tool", "hidden", "tool", "widget"],
    ["say", "title", "partial", "pause"],
    ["title", "pause"]
  ] as const
).map((lines) => ({
  do: "create",
  lines: lines.map((what) => ({ do: what, words: "one two three" })),
  words: "x",
  thread: 0,
  item: 0,
  n: 0
}))

/** The user's message. */
export const messageOf = ({ do: what, lines, words }: Command): string =>
  what === "chat" ? words : lines.flatMap(written).join("\n")

export const outputs = [null, false, 0, "", "text", { a: [1, null] }, []]

const outcome = (
  status: string,
  ...answers: ReadonlyArray<ReadonlyArray<string> | null>
): string => {
  const given = answers.map((values) => ({ values: values ?? [], skipped: values === null }))
  return `${status} ${JSON.stringify(given)}`
}

/** Submissions, and what becomes of the two questions. */
export const submissions = [
  [{ answers: { pick: { values: ["B", "A"] } } }, outcome("answered", ["B"], null)],
  [{ answers: { notes: { values: ["a", "b"] } } }, outcome("answered", null, ["a", "b"])],
  [{ answers: { pick: { values: ["A"], skipped: true } } }, outcome("answered", null, null)],
  [{ status: "skipped", answers: { notes: { values: ["a"] } } }, outcome("skipped", null, null)],
  [{}, outcome("answered", null, null)]
] as const
