import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Prompt } from "effect/ai"
import {
  promptConverter,
  type PromptConverter,
  promptFrom,
  promptOf
} from "../../../../../src/responder/model/prompt/ItemsToPrompt.ts"
import type { ThreadItem, UserMessageItem } from "../../../../../src/protocol/Items.ts"
import { captureLogs } from "../../../../support/Doubles.ts"
import { itemOf, turnWith } from "../../../../support/ScriptedModel.ts"
import { answer, hidden, message } from "../../../../support/ThreadFixtures.ts"

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3])

const promptFor = (
  items: ReadonlyArray<ThreadItem>,
  own?: Partial<PromptConverter>,
  files: Readonly<Record<string, Uint8Array>> = {}
) => promptOf(promptConverter(turnWith(files).turn, own), items)

/** A line for each part: who says it, and what. */
const lines = ({ content }: Prompt.Prompt): ReadonlyArray<string> =>
  content.flatMap((message) =>
    typeof message.content === "string"
      ? [`${message.role}: ${message.content}`]
      : (message.content as ReadonlyArray<Prompt.Part>).map((part) => {
          switch (part.type) {
            case "text":
              return `${message.role}: ${part.text}`
            case "file":
              return `${message.role} file: ${part.mediaType} ${part.fileName}`
            case "tool-call":
              return `call ${part.id} ${part.name} ${JSON.stringify(part.params)}`
            case "tool-result":
              return `result ${part.id} ${JSON.stringify(part.result)}`
            default:
              return part.type
          }
        })
  )

const linesFor = (...items: ReadonlyArray<ThreadItem>) => Effect.map(promptFor(items), lines)

const asking = (overrides: Partial<UserMessageItem>): UserMessageItem => ({
  ...message("thr_1", "msg_1", "Hi"),
  ...overrides
})

const tag = (text: string, data = {}) => ({
  type: "input_tag" as const,
  id: text,
  text,
  data,
  interactive: false
})

describe("messages for the model", () => {
  it.effect("are in the order of the thread", () =>
    Effect.gen(function* () {
      const said = yield* linesFor(
        message("thr_1", "1", "One"),
        answer("thr_1", "2", "Two"),
        message("thr_1", "3", "Three")
      )
      assert.deepStrictEqual(said, ["user: One", "assistant: Two", "user: Three"])
    })
  )

  it.effect("have the tags of a message as @text, and the data of each once", () =>
    Effect.gen(function* () {
      const content = [
        { type: "input_text" as const, text: "Ask " },
        tag("Ada", { age: 36 }),
        { type: "input_text" as const, text: " and " },
        tag("Ada", { age: 36 })
      ]
      const said = yield* linesFor(asking({ content }))
      assert.deepStrictEqual(said, [
        "user: Ask @Ada and @Ada",
        `user: What the tags above stand for:\n@Ada: {"age":36}`
      ])
    })
  )

  it.effect("have the text that the newest message quotes, and no older one", () =>
    Effect.gen(function* () {
      const quoting = asking({ quoted_text: "to be" })
      assert.deepStrictEqual(yield* linesFor(quoting), [
        "user: Hi",
        "user: The person refers to this text:\nto be"
      ])
      assert.notInclude((yield* linesFor(quoting, answer("thr_1", "2"))).join(), "to be")
    })
  )

  it.effect("have a tool of the page with its output, and nothing while it is pending", () =>
    Effect.gen(function* () {
      const call = { call_id: "c1", name: "look", arguments: { a: 1 } }
      const done = itemOf("client_tool_call", { ...call, status: "completed", output: { b: 2 } })
      assert.deepStrictEqual(yield* linesFor(done), [`call c1 look {"a":1}`, `result c1 {"b":2}`])
      const silent = itemOf("client_tool_call", { ...call, status: "completed" })
      assert.strictEqual((yield* linesFor(silent)).at(-1), "result c1 null")
      const pending = itemOf("client_tool_call", { ...call, status: "pending" })
      assert.deepStrictEqual(yield* linesFor(pending), [])
    })
  )

  it.effect("have widgets as JSON without nulls", () =>
    Effect.gen(function* () {
      const widget = { type: "Card", children: [], size: null } as never
      const [line] = yield* linesFor(itemOf("widget", { widget }))
      assert.include(line, `(id widget_1): {"type":"Card","children":[]}`)
    })
  )

  it.effect("have the tasks that say what was done, and no thoughts", () =>
    Effect.gen(function* () {
      const custom = {
        type: "custom" as const,
        status_indicator: "none" as const,
        title: "Looked",
        content: "twice"
      }
      const thought = { type: "thought" as const, status_indicator: "none" as const, content: "Hm" }
      const { title: _, content: __, ...empty } = custom
      assert.include(
        yield* linesFor(itemOf("task", { task: custom })).pipe(Effect.map(String)),
        "Looked: twice"
      )
      assert.deepStrictEqual(yield* linesFor(itemOf("task", { task: empty })), [])
      assert.deepStrictEqual(yield* linesFor(itemOf("task", { task: thought })), [])
      const workflow = (...tasks: ReadonlyArray<typeof custom | typeof thought>) =>
        itemOf("workflow", { workflow: { type: "custom", tasks, expanded: false } })
      assert.match(String(yield* linesFor(workflow(thought, custom))), /:\nLooked: twice$/)
      assert.deepStrictEqual(yield* linesFor(workflow(thought)), [])
    })
  )

  it.effect("have a line for each question that was asked", () =>
    Effect.gen(function* () {
      const question = (name: string, answer?: { values: Array<string>; skipped: boolean }) => ({
        id: name,
        question: name,
        type: "freeform" as const,
        ...(answer === undefined ? {} : { answer })
      })
      const inputs = [
        question("Seat?", { values: ["12A", "12B"], skipped: false }),
        question("Meal?", { values: [], skipped: true }),
        question("Bag?")
      ]
      const item = itemOf("structured_input", { status: "pending", inputs })
      assert.deepStrictEqual(yield* linesFor(item), [
        "user: The person was asked:\nSeat?: 12A, 12B\nMeal?: skipped\nBag?: unanswered"
      ])
    })
  )

  it.effect("have hidden notes, as JSON where they are no text", () =>
    Effect.gen(function* () {
      const [text] = yield* linesFor(hidden("thr_1", "1", "She is a pilot"))
      assert.match(text!, /<context>\nShe is a pilot\n<\/context>$/)
      const [json] = yield* linesFor(itemOf("hidden_context_item", { content: { a: [1] } }))
      assert.include(json, `{"a":[1]}`)
      const [note] = yield* linesFor(itemOf("sdk_hidden_context", { content: "Stopped" }))
      assert.include(note, "Stopped")
    })
  )

  it.effect("have pictures that were made before, and none that never arrived", () =>
    Effect.gen(function* () {
      const image = { id: "atc_1", url: "https://files.test/atc_1" }
      const made = itemOf("generated_image", { image })
      const prompt = yield* promptFor([made], {}, { atc_1: png })
      assert.deepStrictEqual(lines(prompt), [
        "user: This picture was made and shown to the person:",
        "user file: image/png picture"
      ])
      const jpeg = yield* promptFor([made], {}, { atc_1: new Uint8Array([0xff, 0xd8, 0xff, 1]) })
      assert.strictEqual(lines(jpeg)[1], "user file: image/jpeg picture")
      const url = "data:image/webp;base64,AQID"
      const inline = itemOf("generated_image", { image: { id: "ig_1", url } })
      assert.strictEqual((yield* linesFor(inline))[1], "user file: image/webp undefined")
      assert.deepStrictEqual(yield* linesFor(itemOf("generated_image", {})), [])
      assert.deepStrictEqual(yield* linesFor(itemOf("end_of_turn", {})), [])
    })
  )

  it.effect("have the files of a message, and none for an empty message", () =>
    Effect.gen(function* () {
      const file = {
        id: "atc_1",
        name: "seat.png",
        mime_type: "image/png",
        type: "image" as const,
        preview_url: "https://files.test/atc_1"
      }
      const prompt = yield* promptFor([asking({ attachments: [file] })], {}, { atc_1: png })
      assert.deepStrictEqual(lines(prompt), ["user: Hi", "user file: image/png seat.png"])
      assert.deepStrictEqual(yield* linesFor(asking({ content: [] })), [])
    })
  )

  it.effect("come from a method of one's own where there is one", () =>
    Effect.gen(function* () {
      const own: Partial<PromptConverter> = {
        tag: ({ text }) => Effect.succeed(`${text} is a person`),
        end_of_turn: () => Effect.succeed([{ role: "user", content: "over" }])
      }
      const said = yield* promptFor(
        [asking({ content: [tag("Ada")] }), itemOf("end_of_turn", {})],
        own
      )
      assert.deepStrictEqual(lines(said).slice(1), [
        "user: What the tags above stand for:\nAda is a person",
        "user: over"
      ])
    })
  )

  it.effect("that are not valid fail, and their text is not in the log", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const wrong = { role: "user", content: [{ type: "text", txt: "hush" }] } as never
      const error = yield* promptFrom([wrong]).pipe(Effect.flip, Effect.provide(captureLogs(log)))
      assert.strictEqual(error._tag, "StreamError")
      assert.lengthOf(log, 1)
      assert.notInclude(log.join(), "hush")
    })
  )
})
