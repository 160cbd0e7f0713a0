import { assert, layer } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { eventsOf } from "../support/Client.ts"
import type { Wire } from "../support/properties/ConversationModel.ts"
import { pick, PropertyServer, upTo } from "../support/properties/PropertyServer.ts"

/** The value that is stored: E7 puts U+FFFD in place of half characters. */
const kept = (json: string): unknown => whole(JSON.parse(json))

const whole = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed()
  if (Array.isArray(value)) return value.map(whole)
  if (typeof value !== "object" || value === null) return value
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([name, value]) => [name.toWellFormed(), whole(value)]))
}

const pieces = ["\u0000", "\ud800", "\udfff🦋", "\u2028\r\n", "'\"\\", "{}", "é", " \t", "$1%s"]
const names = ["__proto__", "constructor", "toJSON", "length", "", "\u0000", "\ud800", "$ref"]

const text = Arbitrary.all([
  Arbitrary.schema(Schema.String),
  Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { maxLength: 3 })
]).pipe(Arbitrary.map(([text, more]) => text + more.join("")))

/** JSON as text, because an object literal cannot have every name. */
const json = Arbitrary.all([
  Arbitrary.schema(Schema.Json),
  text,
  Arbitrary.schema(upTo(names.length - 1))
]).pipe(
  Arbitrary.map(([json, text, n]) => {
    const member = `${JSON.stringify(pick(names, n))}:${JSON.stringify(json)}`
    return `{${member},"text":${JSON.stringify(text)},"null":null}`
  })
)

layer(PropertyServer.layer, { excludeTestServices: true })("whatever a client says", (it) => {
  it.effect.prop(
    "is read back as it was streamed",
    { json, text },
    ({ json, text }) =>
      Effect.gen(function* () {
        const { ask } = yield* PropertyServer
        const said = JSON.stringify(`Well: ${text}`)
        const tag = `{"type":"input_tag","id":${said},"text":${said},"data":${json},"group":${said}}`
        const [created] = eventsOf(
          yield* ask(
            "ada",
            `{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"/tool look\\n"},${tag}],"attachments":[],"inference_options":{"model":${said}},"quoted_text":${said}}}}`
          )
        )
        const { id: thread_id } = created!["thread"] as Wire
        for (const [type, more] of [
          ["threads.update", `"title":${said}`],
          ["threads.add_client_tool_output", `"result":${json}`]
        ]) {
          const body = `{"type":"${type}","params":{"thread_id":"${thread_id}",${more}}}`
          assert.strictEqual((yield* ask("ada", body)).status, 200)
        }
        const read = yield* ask("ada", { type: "threads.get_by_id", params: { thread_id } })
        const thread = JSON.parse(read.body) as Wire
        const [message, call] = thread["items"].data as ReadonlyArray<Wire>
        const { content, inference_options, quoted_text } = message!
        const { data, group, id, text: shown } = content[1]
        assert.deepStrictEqual(
          [thread["title"], id, shown, group, quoted_text, inference_options.model],
          Array.from({ length: 6 }, () => kept(said))
        )
        assert.strictEqual(JSON.stringify(data), JSON.stringify(kept(json)))
        assert.strictEqual(JSON.stringify(call?.["output"]), JSON.stringify(kept(json)))
      }),
    { arbitrary: { runs: 40, maxShrinks: 40 } }
  )
})
