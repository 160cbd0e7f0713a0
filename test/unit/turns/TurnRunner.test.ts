import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import * as Answer from "../../../src/responder/Answer.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { RunningTurn } from "../../../src/turns/TurnRunner.ts"
import { chatKit, create, responding, send, streamUntil } from "../../support/ChatKitService.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { storesWith } from "../../support/StoresMemory.ts"
import { all } from "../../support/ThreadFixtures.ts"

const ada = UserId.make("ada")
const thr = "thr_00000001"

const typesStored = Effect.gen(function* () {
  const { loadThreadItems } = yield* ThreadStore
  return (yield* loadThreadItems(ada, thr, all)).data.map(({ type }) => type)
})

describe("a turn whose reader leaves", () => {
  it.effect("when all is stored leaves no note that somebody stopped it", () =>
    Effect.gen(function* () {
      const reader = yield* Scope.make()
      const turn = yield* Scope.provide(send(create("Hi")), reader)
      assert(turn instanceof RunningTurn)
      const { loadThread } = yield* ThreadStore
      // The last event says that the title changed: it is stored, and never read.
      const reading = yield* Effect.forkChild(
        Stream.runDrain(Stream.fromQueue(turn.events).pipe(Stream.take(3)))
      )
      yield* Effect.yieldNow.pipe(
        Effect.andThen(loadThread(ada, thr)),
        Effect.repeat({ until: ({ title }) => title === "Greetings" })
      )
      yield* Fiber.interrupt(reading)
      yield* Scope.close(reader, Exit.void)
      assert.deepStrictEqual(yield* typesStored, ["user_message"])
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            Stream.fromEffectDrain(
              turn.updateThread((thread) => ({ ...thread, title: "Greetings" }))
            )
          )
        )
      )
    )
  )

  it.effect("while the database stays away says in the log what is not kept", () => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      yield* streamUntil(4, create("Hi"))
      yield* TestClock.adjust("5 minutes")
      assert.isTrue(logs.some((line) => line.includes("cancelled turn not kept")))
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) => Stream.concat(Answer.sayPartly(turn, "Well"), Stream.never)),
          storesWith((store) => ({
            commit: (user, thread, changes, turn) =>
              changes.some(
                (change) => change.type === "put_item" && change.item.type === "sdk_hidden_context"
              )
                ? Effect.fail(new DbUnavailable({ operation: "test" }))
                : store.commit(user, thread, changes, turn)
          }))
        ).pipe(Layer.provideMerge(captureLogs(logs)))
      )
    )
  })
})
