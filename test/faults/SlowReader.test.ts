import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import type { MessageTurn } from "../../src/responder/Turn.ts"
import { TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { forgiving, start } from "../support/Server.ts"
import { assertOk, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { openStream } from "../support/StreamClient.ts"
import { released, scripted } from "../support/faults/StoredTurns.ts"

/** Characters of one piece, and far more of them than sockets and buffers take. */
const piece = 16_384
const most = (64 * 1024 * 1024) / piece

/** Answers that never come to an end, in small steps and in one, and how far they were pulled. */
const talkative = () => {
  let pulled = 0
  const text = "x".repeat(piece)
  const next = Effect.sync(() => {
    pulled += 1
    return text
  })
  const answers: Record<string, (turn: MessageTurn) => Answer.Answer> = {
    "a text that goes on": (turn) => Answer.streamText(turn, Stream.fromEffectRepeat(next)),
    "one item after the other": (turn) =>
      Stream.forever(Stream.unwrap(Effect.map(next, (text) => Answer.say(turn, text)))),
    "many events at once": () =>
      Stream.fromArray(
        Array.from({ length: 2 * most }, () => ({
          type: "progress_update" as const,
          // Counted when it is looked at: the whole crowd is there from the start.
          get text() {
            pulled += 1
            return text
          }
        }))
      )
  }
  return { answers, pulled: Effect.sync(() => pulled) }
}

layer(TestDatabase.layer, { excludeTestServices: true })("a client that does not read", (it) => {
  for (const message of Object.keys(talkative().answers)) {
    it.effect(`holds its own answer up and nobody else's: ${message}`, () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const { answers, pulled } = talkative()
        const { layer: responder } = scripted(answers)
        const { url } = yield* start(
          database.client,
          { STREAMS_PER_USER: "50" },
          forgiving,
          responder
        )
        yield* assertOk(ask(url, token))
        const client = yield* openStream(url, token, { message }, { deaf: true })
        assert.strictEqual(yield* client.status, 200)

        let before = 0
        const heldUp = eventually(pulled, (now) => {
          const isStill = now > 0 && now === before
          before = now
          return isStill || now > most
        })
        yield* heldUp
        const others = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => assertOk(ask(url, token, { message: "Hello" })),
          { concurrency: 5 }
        )
        for (const other of others) {
          assert.strictEqual(eventsOf(other).at(-1)?.["type"], "thread.item.done")
        }
        yield* heldUp
        assert.isBelow(yield* pulled, most)
        yield* client.leave
        yield* released
      })
    )
  }
})
