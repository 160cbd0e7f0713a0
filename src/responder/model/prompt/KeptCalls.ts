import { Option, Schema } from "effect"
import type { Prompt } from "effect/ai"
import type { Outcome } from "../ModelTools.ts"
import { shortened } from "../Shortened.ts"
import { resultText } from "../wires/PromptParts.ts"

/** Characters of all calls together that are kept, with their arguments and results. */
const mostCharacters = 250_000

/**
 * The content of a hidden item that keeps the calls of an answer which a tool of the page ends. The
 * thread has no items for calls of the server's own tools, and the model that goes on with the
 * page's output has to know what it called before, and what came of it.
 */
const KeptCalls = Schema.Struct({
  type: Schema.Literal("effect-chatkit/tool_calls"),
  calls: Schema.Array(
    Schema.Struct({
      call_id: Schema.String,
      name: Schema.String,
      /** As text, so that the model may nest them as it likes. */
      arguments: Schema.fromJsonString(Schema.Unknown),
      /** The text that the model reads. */
      output: Schema.String,
      is_failure: Schema.Boolean
    })
  )
})
type KeptCalls = typeof KeptCalls.Encoded

const decode = Schema.decodeUnknownOption(KeptCalls)

/** The calls as content of a hidden item: as many of the newest as there is room for. */
export const keptCalls = (outcomes: ReadonlyArray<Outcome>): KeptCalls => {
  const calls: Array<KeptCalls["calls"][number]> = []
  let room = mostCharacters
  for (const { id, isFailure, name, params, result } of outcomes.toReversed()) {
    const json = JSON.stringify(params ?? {})
    const output = shortened(resultText({ result }))
    room -= json.length + output.length
    if (room < 0) break
    calls.unshift({ call_id: id, name, arguments: json, output, is_failure: isFailure })
  }
  return { type: "effect-chatkit/tool_calls", calls }
}

/**
 * Each call and its result as messages; undefined for a note of another kind. Rounds may have used
 * an id twice, so that no two calls share a message.
 */
export const keptMessages = (content: unknown): ReadonlyArray<Prompt.MessageEncoded> | undefined =>
  Option.match(decode(content), {
    onNone: () => undefined,
    onSome: ({ calls }) =>
      calls.flatMap(({ arguments: params, call_id: id, is_failure: isFailure, name, output }) =>
        callMessages({ id, name, params, isFailure, result: output })
      )
  })

/** A call of a tool and its result, as a model reads them: it may not see one without the other. */
export const callMessages = ({
  id,
  isFailure,
  name,
  params,
  result
}: Outcome): ReadonlyArray<Prompt.MessageEncoded> => [
  { role: "assistant", content: [{ type: "tool-call", id, name, params }] },
  { role: "tool", content: [{ type: "tool-result", id, name, isFailure, result }] }
]
