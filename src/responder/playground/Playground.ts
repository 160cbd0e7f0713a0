import { Effect, Layer, type Schema, Stream } from "effect"
import * as Answer from "../Answer.ts"
import { card } from "./Card.ts"
import { directives } from "./Directives.ts"
import type { UserMessageItem } from "../../protocol/Items.ts"
import { Responder } from "../Responder.ts"
import type { Turn } from "../Turn.ts"

/**
 * Answers without a model, so that a ChatKit front end can be tried offline. It echoes messages, and
 * a line that begins with a slash produces any kind of event.
 */
export const Playground = Layer.succeed(
  Responder,
  Responder.make({
    respond: (turn) => {
      if (turn.message === undefined) return Answer.say(turn, "resumed")
      const text = textOf(turn.message)
      return text.startsWith("/")
        ? Stream.flatMap(Stream.fromIterable(linesOf(text)), (line) => answerTo(turn, line))
        : Answer.say(turn, `Echo: ${text}`)
    },
    action: (turn) => {
      const { action, sender } = turn
      if (action.type === "boom") return Stream.fail(new Error("boom"))
      return action.type === "update" && sender !== undefined
        ? Stream.succeed({
            type: "thread.item.updated",
            item_id: sender.id,
            update: { type: "widget.root.updated", widget: card("updated") }
          })
        : Answer.say(turn, `action ${action.type} ${JSON.stringify(sorted(action.payload))}`)
    },
    syncAction: ({ action, sender }) =>
      Effect.succeed(
        action.type === "none" || sender === undefined
          ? undefined
          : { ...sender, widget: card("synced") }
      ),
    transcribe: ({ audio, media_type }) =>
      Effect.succeed({ text: `${audio.length} bytes of ${media_type}` })
  })
)

export const textOf = ({ content }: UserMessageItem): string =>
  content.map((part) => (part.type === "input_text" ? part.text : `@${part.text}`)).join(" ")

const linesOf = (text: string): ReadonlyArray<string> =>
  text.split(/\r?\n/).filter((line) => line.trim() !== "")

const answerTo = (turn: Turn, line: string): Answer.Answer => {
  const [, name, argument = ""] = /^\/(\S*)\s?(.*)$/.exec(line) ?? []
  if (name === undefined) return Answer.say(turn, `Echo: ${line}`)
  if (name === "help") return Answer.say(turn, help)
  return Object.hasOwn(directives, name)
    ? directives[name]!.run(turn, argument)
    : Answer.say(turn, "There is no such directive; /help lists them.")
}

const help = [
  "Each line that begins with a slash is a directive:",
  "",
  ...Object.entries(directives).map(([name, { usage }]) => `- \`/${`${name} ${usage}`.trimEnd()}\``)
].join("\n")

/** The same JSON with the keys of every object sorted. */
const sorted = (json: Schema.Json): Schema.Json => {
  if (Array.isArray(json)) return json.map(sorted)
  if (json === null || typeof json !== "object") return json
  return Object.fromEntries(
    Object.entries(json as { readonly [key: string]: Schema.Json })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, sorted(value)])
  )
}
