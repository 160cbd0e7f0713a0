import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lostDigits } from "../../../../src/http/body/LostDigits.ts"
import { ask, eventsOf } from "../../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../../support/http/ServerOnDoubles.ts"
import { threadOf } from "../../../support/StreamClient.ts"

describe("E3: a whole number with more digits than JavaScript keeps", () => {
  it("is found wherever it is, and its field is named", () => {
    const long = "2512292042121000001"
    for (const [text, field] of [
      [`{"order_id":${long}}`, "order_id"],
      [`{"a":{"b":[1,{"c":[[],"x",-${long}]}]}}`, "a.b[1].c[2]"],
      [`{ "a" : "x:[{,1234567890123456", "b" : [ 9007199254740993 ] }`, "b[0]"],
      [`{"a":[{"b":1},{"b":2}],"c\\"d":${long},"e":1}`, `c\\"d`],
      [`{"a":${"9".repeat(1000)}}`, "a"]
    ] as const) {
      JSON.parse(text)
      assert.strictEqual(lostDigits(text), field, text)
    }
  })

  it("is none where the number comes out as it went in, or the same", () => {
    for (const value of [
      "9007199254740991",
      "9007199254740992",
      // What a page's own JSON.stringify has made of a number is kept as it is.
      "2512292042121000000",
      "-2512292042121000000",
      "1180591620717411303424",
      "1000000000000000000000",
      "0.12345678901234567890",
      "1234567890123456.5",
      "1234567890123456789e3",
      `"2512292042121000001"`,
      `"a\\\\",1`,
      `"\\"2512292042121000001"`
    ]) {
      assert.isUndefined(lostDigits(`{"a":[${value},1234567890123456]}`), value)
    }
  })

  it("names a field that is deep with no more than it takes", () => {
    const text = `${"[".repeat(5_000)}2512292042121000001${"]".repeat(5_000)}`
    assert.strictEqual(lostDigits(text), `${"[0]".repeat(67).slice(0, 200)}…`)
  })

  it.live("is 400 in words, wherever JSON is free, and nothing is stored", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const thread_id = threadOf(eventsOf(yield* ask(url, token, { message: "/tool pick {}" })))
      const output = (result: string) =>
        ask(
          url,
          token,
          `{"type":"threads.add_client_tool_output","params":{"thread_id":"${thread_id}","result":${result}}}`
        )
      const action = `{"type":"x","payload":{"n":2512292042121000001}}`
      for (const [body, field] of [
        [
          `{"type":"threads.custom_action","params":{"thread_id":"${thread_id}","action":${action}}}`,
          "params.action.payload.n"
        ],
        [`{"type":"threads.list","params":{},"metadata":{"n":2512292042121000001}}`, "metadata.n"]
      ] as const) {
        const { body: answer, status } = yield* ask(url, token, body)
        assert.strictEqual(status, 400)
        assert.include(
          answer,
          `Invalid request: ${field} has more digits than a number keeps: send it as a string`
        )
      }
      const refused = yield* output(`{"order_id":2512292042121000001}`)
      assert.strictEqual(refused.status, 400)
      assert.include(refused.body, "params.result.order_id")
      // The call waits on for an output that can be kept.
      const taken = yield* output(`{"order_id":"2512292042121000001"}`)
      assert.strictEqual(taken.status, 200)
      const items = { type: "items.list", params: { thread_id } }
      assert.include((yield* ask(url, token, items)).body, `"2512292042121000001"`)
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )
})
