import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Attachment } from "../../src/protocol/Attachments.ts"
import { add, create, operation } from "../support/ChatKitService.ts"
import { png } from "../support/http/UploadForms.ts"
import { put } from "../support/http/AttachmentServer.ts"
import {
  type Client,
  ConformanceServer,
  newClient
} from "../support/conformance/ConformanceServer.ts"

const golden = (name: string) =>
  readFileSync(new URL(`golden/${name}.sse`, import.meta.url), "utf8")

/** Nothing rewrites a golden file: what the wire carries is changed by hand and on purpose. */
const isGolden = Effect.fnUntraced(function* (me: Client, name: string, params: object) {
  const answer = yield* me.stream({ type: `threads.${name}`, params })
  assert.strictEqual(answer, golden(name))
})

const lines = (...lines: ReadonlyArray<string>) => lines.join("\n")

layer(ConformanceServer.playground, { excludeTestServices: true })("golden transcripts", (it) => {
  it.effect("threads.create, with all that a message can hold", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      const image = { name: "Bild 1.png", size: png.length, mime_type: "image/png" }
      const answer = yield* me.ask(operation("attachments.create", image))
      const attachment = JSON.parse(answer.body) as Attachment
      me.named(attachment)
      assert.strictEqual((yield* put(attachment, png)).status, 200)
      const text = lines(
        "/title Trip",
        "/progress search|Looking",
        "/say Hello wörld 🙂",
        "/widget_stream",
        "/notice warning|Mind the *gap*|London",
        "/hidden not for you",
        "/domains img.example.com",
        "/say Bye from"
      )
      yield* isGolden(me, "create", {
        input: {
          content: [
            { type: "input_text", text },
            {
              type: "input_tag",
              id: "city",
              text: "Paris",
              data: { none: null, n: 1.5 },
              group: "g"
            }
          ],
          attachments: ["atc_1"],
          quoted_text: 'a "quote"\n\u2028',
          inference_options: { tool_choice: { id: "search" }, model: "fast" }
        }
      })
    })
  )

  it.effect("threads.add_user_message, with every kind of item", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("Hi"))
      const text = lines(
        "/workflow",
        "/task Booked",
        "/image",
        "/annotate See the source",
        "/widget Copy me",
        '/effect profile/update|{"seat":null,"bags":[1,2.5]}',
        "/meta plan|gold",
        "/end_of_turn",
        "/structured",
        '/tool pick|{"from":[null,"A"]}',
        "/error_event Nearly there",
        "/raise_custom_error Quota used up|retry"
      )
      yield* isGolden(me, "add_user_message", add("thr_1", text).params)
    })
  )

  it.effect("threads.add_client_tool_output", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/tool pick"))
      const result = { ok: true, x: null }
      yield* isGolden(me, "add_client_tool_output", { thread_id: "thr_1", result })
    })
  )

  it.effect("threads.add_structured_input", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/structured"))
      const answers = { pick: { values: ["A", "B"] }, ghost: { values: ["boo"] } }
      const input = { status: "answered", answers }
      const params = { thread_id: "thr_1", item_id: "msg_2", input }
      yield* isGolden(me, "add_structured_input", params)
    })
  )

  it.effect("threads.retry_after_item", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/say One more time"))
      yield* me.stream(add("thr_1", "And something else"))
      yield* isGolden(me, "retry_after_item", { thread_id: "thr_1", item_id: "msg_1" })
    })
  )

  it.effect("threads.custom_action", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/widget Touch me"))
      const action = { type: "seat.change", payload: { to: "12A", from: null } }
      const params = { thread_id: "thr_1", item_id: "msg_2", action }
      yield* isGolden(me, "custom_action", params)
    })
  )
})
