import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { add, create, operation } from "../support/ChatKitService.ts"
import { message } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, done, opened, options, sse, user } from "../support/conformance/Expected.ts"
import {
  ConformanceServer,
  currentUserId,
  newClient
} from "../support/conformance/ConformanceServer.ts"

const retry = (item_id: string) =>
  operation("threads.retry_after_item", { thread_id: "thr_1", item_id })

/** Somebody whose every message is answered by its count. */
const counting = Effect.fnUntraced(function* () {
  const seen: Array<unknown> = []
  const me = yield* newClient({
    respond: (turn) => {
      seen.push(turn.message)
      return message(turn, `Answer ${seen.length}`)
    }
  })
  return { me, seen }
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's answers",
  (it) => {
    it.effect(
      "41. retry: responder gets the same user message; 2 events; old answer replaced, 2 items",
      () =>
        Effect.gen(function* () {
          const { me, seen } = yield* counting()
          yield* me.stream(create("Hi"))
          assert.strictEqual(
            yield* me.stream(retry("msg_1")),
            sse(options, done(assistant("msg_3", "Answer 2")))
          )
          assert.deepStrictEqual(me.named(seen), [user("msg_1", "Hi"), user("msg_1", "Hi")])
          const shown = [user("msg_1", "Hi"), assistant("msg_3", "Answer 2")]
          assert.deepStrictEqual(yield* me.stored("thr_1"), shown)
          assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...shown))
        })
    )

    it.effect('42. retry after an assistant message → fails "is not a user message"', () =>
      Effect.gen(function* () {
        const { me, seen } = yield* counting()
        yield* me.stream(create("Hi"))
        assert.deepStrictEqual(
          yield* me.refusal(retry("msg_2")),
          expected.refused(409, "Only the answer to a message of the user can be retried")
        )
        assert.lengthOf(seen, 1)
        assert.deepStrictEqual(yield* me.stored("thr_1"), [
          user("msg_1", "Hi"),
          assistant("msg_2", "Answer 1")
        ])
      })
    )

    it.effect(
      "43. retry after the second of two messages → only the last answer is new, 4 items",
      () =>
        Effect.gen(function* () {
          const { me, seen } = yield* counting()
          yield* me.stream(create("One"))
          yield* me.stream(add("thr_1", "Two"))
          assert.strictEqual(
            yield* me.stream(retry("msg_3")),
            sse(options, done(assistant("msg_5", "Answer 3")))
          )
          assert.deepStrictEqual(me.named(seen[2]), user("msg_3", "Two"))
          assert.deepStrictEqual(yield* me.stored("thr_1"), [
            user("msg_1", "One"),
            assistant("msg_2", "Answer 1"),
            user("msg_3", "Two"),
            assistant("msg_5", "Answer 3")
          ])
        })
    )

    const chosen = { tool_choice: { id: "search" }, model: "fast" }

    it.effect("44. tool choice reaches respond in create", () =>
      Effect.gen(function* () {
        const { me, seen } = yield* counting()
        const fields = { inference_options: chosen }
        assert.strictEqual(
          yield* me.stream(create("Hi", fields)),
          sse(...opened("Hi", fields), done(assistant("msg_2", "Answer 1")))
        )
        assert.deepStrictEqual(me.named(seen), [user("msg_1", "Hi", fields)])
      })
    )

    it.effect("45. transcription: decoded bytes, raw mime type, media type, context", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const me = yield* newClient({
          transcribe: ({ audio, media_type, mime_type }) =>
            Effect.map(currentUserId, (userId) => {
              seen.push([[...audio], mime_type, media_type, userId])
              return { text: "What was said" }
            })
        })
        const params = { audio_base64: "AAEC/w==", mime_type: "audio/webm;codecs=opus" }
        assert.strictEqual(
          yield* me.document(operation("input.transcribe", params)),
          `{"text":"What was said"}`
        )
        assert.deepStrictEqual(seen, [
          [[0, 1, 2, 255], "audio/webm;codecs=opus", "audio/webm", me.userId]
        ])
      })
    )

    it.effect("47. tool choice reaches respond in add_user_message", () =>
      Effect.gen(function* () {
        const { me, seen } = yield* counting()
        yield* me.stream(create("Hi"))
        const fields = { inference_options: { tool_choice: { id: "search" } } }
        assert.strictEqual(
          yield* me.stream(add("thr_1", "Look", fields)),
          sse(done(user("msg_3", "Look", fields)), options, done(assistant("msg_4", "Answer 2")))
        )
        assert.deepStrictEqual(me.named(seen[1]), user("msg_3", "Look", fields))
      })
    )
  }
)
