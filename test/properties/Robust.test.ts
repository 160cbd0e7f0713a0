import { assert, layer } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { operationTypes } from "../../src/protocol/Requests.ts"
import { eventsOf } from "../support/Client.ts"
import type { Wire } from "../support/properties/ConversationModel.ts"
import { deep, mark, mutated, Mutation } from "../support/properties/BodyMutations.ts"
import { everything, type Names, requests } from "../support/properties/RequestBodies.ts"
import { decoded, defectsIn, PropertyServer } from "../support/properties/PropertyServer.ts"

const operation = (type: string, params: Record<string, unknown>) => ({ type, params })

const types = [...operationTypes, "in short"]

/** A thread with everything in it, and an attachment. */
const begin = Effect.gen(function* () {
  const { ask, clear } = yield* PropertyServer
  yield* clear
  const events = eventsOf(yield* ask("ada", { message: everything }))
  const attachment = yield* ask("ada", {
    type: "attachments.create",
    params: { name: mark, size: 1, mime_type: "image/png" }
  })
  const items = events.flatMap(({ item }) => (item === undefined ? [] : [item as Wire]))
  const idOf = (type: string) => items.find((item) => item.type === type)?.id ?? assert.fail(type)
  const names: Names = {
    thread_id: (events[0]!["thread"] as Wire).id,
    message: idOf("user_message"),
    widget: idOf("widget"),
    structured: idOf("structured_input"),
    attachment_id: (JSON.parse(attachment.body) as Wire).id
  }
  return names
})

/** It is answered as a client can expect, and so is everything after it. */
const survives = Effect.fnUntraced(function* ({ thread_id }: Names, body: string) {
  const { ask, logs, tokens } = yield* PropertyServer
  const answer = yield* ask("ada", body)
  assert.include([200, 400, 404, 409, 413, 415], answer.status, answer.body)
  const [document] = decoded(answer)
  if (answer.status !== 200) assert.strictEqual(document?.["status"], answer.status)
  for (const [type, params] of [
    ["threads.list", { limit: 500 }],
    ["items.list", { thread_id, limit: 500 }],
    ["threads.get_by_id", { thread_id }]
  ]) {
    const seen = yield* ask("ada", { type, params })
    assert.include(type === "threads.get_by_id" ? [200, 404] : [200], seen.status, seen.body)
    decoded(seen)
  }
  assert.deepStrictEqual(defectsIn(logs), [])
  for (const secret of [mark, tokens.ada, "ada@example.com"]) {
    assert.isFalse(
      logs.some((line) => line.includes(secret)),
      logs.join("\n")
    )
  }
  return answer
})

layer(PropertyServer.layer, { excludeTestServices: true })("whatever body a client sends", (it) => {
  it.effect("is answered 200 when it is valid", () =>
    Effect.gen(function* () {
      for (const type of types) {
        const names = yield* begin
        const answer = yield* survives(names, JSON.stringify(requests(names)[type]))
        assert.strictEqual(answer.status, 200, `${type} ${answer.body}`)
      }
    })
  )

  it.effect.prop(
    "is never answered 500 when it is nearly valid, and harms nothing",
    [Schema.Literals(types), Arbitrary.schema(Mutation)],
    ([type, mutation]) =>
      Effect.gen(function* () {
        const names = yield* begin
        yield* survives(names, mutated(requests(names)[type], mutation))
      }),
    { arbitrary: { runs: 120, maxShrinks: 100 } }
  )

  const here = "the place for it"
  const input = {
    content: [{ type: "input_tag", id: "a", text: "b", data: { here } }],
    attachments: [],
    inference_options: {}
  }
  const action = { type: "a", payload: here }
  const places: Readonly<Record<string, (names: Names) => unknown>> = {
    "a tag": ({ thread_id }) => operation("threads.add_user_message", { thread_id, input }),
    "a new thread's tag": () => operation("threads.create", { input }),
    "a tool's output": ({ thread_id }) =>
      operation("threads.add_client_tool_output", { thread_id, result: here }),
    "an action": ({ thread_id, widget: item_id }) =>
      operation("threads.custom_action", { thread_id, item_id, action }),
    "an action that is answered at once": ({ thread_id, widget: item_id }) =>
      operation("threads.sync_custom_action", { thread_id, item_id, action }),
    "an answer": ({ structured: item_id, thread_id }) =>
      operation("threads.add_structured_input", {
        thread_id,
        item_id,
        input: { answers: { pick: here } }
      }),
    "a list of texts": ({ thread_id }) =>
      operation("items.feedback", { thread_id, kind: "positive", item_ids: [here] }),
    "a text": () => operation("threads.get_by_id", { thread_id: here }),
    "the request's metadata": () => ({ ...operation("threads.list", {}), metadata: { here } }),
    "a member nobody knows": () => operation("threads.list", { [mark]: here }),
    "the place of the request": () => here
  }
  for (const [place, bodyOf] of Object.entries(places)) {
    it.effect(`is never answered 500 with deep JSON in ${place}, and harms nothing`, () =>
      Effect.gen(function* () {
        for (const json of Object.values(deep)) {
          const names = yield* begin
          yield* survives(
            names,
            JSON.stringify(bodyOf(names)).replace(JSON.stringify(here), () => json)
          )
        }
      })
    )
  }
})
