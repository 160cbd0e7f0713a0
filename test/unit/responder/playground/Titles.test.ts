import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { PlaygroundWithTitles } from "../../../../src/responder/playground/Titles.ts"
import { add, chatKit, create, stream } from "../../../support/ChatKitService.ts"

const titlesIn = (events: ReadonlyArray<string>) =>
  events
    .map((event) => JSON.parse(event) as { type: string; thread?: { title?: string } })
    .flatMap(({ thread, type }) => (type === "thread.updated" ? [thread?.title] : []))

describe("the playground of development", () => {
  it.effect("names a thread by the first words of its first message, and only once", () =>
    Effect.gen(function* () {
      const first = yield* stream(create("  I would like to fly to Oslo tomorrow"))
      assert.deepStrictEqual(titlesIn(first), ["I would like to fly"])
      assert.deepStrictEqual(titlesIn(yield* stream(add("thr_00000001", "And back"))), [])
    }).pipe(Effect.provide(chatKit(PlaygroundWithTitles)))
  )

  it.effect("leaves the name to a directive", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(titlesIn(yield* stream(create("/say Hello"))), [])
      assert.deepStrictEqual(titlesIn(yield* stream(create("/title Oslo"))), ["Oslo"])
    }).pipe(Effect.provide(chatKit(PlaygroundWithTitles)))
  )
})
