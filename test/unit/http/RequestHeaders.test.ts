import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { localeOf } from "../../../src/http/RequestHeaders.ts"
import * as Answer from "../../../src/responder/Answer.ts"
import { responding } from "../../support/ChatKitService.ts"
import { chatKitHeaders, sendBytes } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

describe("the language of a request", () => {
  it("is the range of the highest weight", () => {
    assert.strictEqual(localeOf("de-CH"), "de-CH")
    assert.strictEqual(localeOf("en;q=0.5, fr-CA, de;q=0.9"), "fr-CA")
    assert.strictEqual(localeOf("en;q=0, pt-BR;q=0.1"), "pt-BR")
    assert.strictEqual(localeOf("zh-Hant-TW ; q=0.8,*"), "zh-Hant-TW")
  })

  it("is unknown where none is named", () => {
    for (const header of [undefined, "", "*", "en;q=0", "<script>", "a", "en_US", "x".repeat(99)]) {
      assert.isUndefined(localeOf(header))
    }
  })

  it.live("reaches the responder, together with the id of the request", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const answer = yield* sendBytes(new URL("/support/chatkit", url), {
        method: "POST",
        headers: {
          ...chatKitHeaders(yield* tokenFor("ada")),
          "accept-language": "de-CH",
          "x-request-id": "request-0001"
        },
        body: JSON.stringify({ message: "Hi" })
      })
      assert.include(answer.body.toString(), `"text":"de-CH request-0001"`)
    }).pipe(
      Effect.provide(
        ServerOnDoubles.layer({
          responder: responding((turn) => Answer.say(turn, `${turn.locale} ${turn.requestId}`))
        })
      )
    )
  )
})
