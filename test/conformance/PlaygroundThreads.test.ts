import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { add, create, get } from "../support/ChatKitService.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  assistant,
  broken,
  changed,
  done,
  type Fields,
  opened,
  options,
  refused,
  spoken,
  sse,
  user
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

/** The answer to a new client's first message. */
const answers = Effect.fnUntraced(function* (text: string, ...events: ReadonlyArray<Fields>) {
  const me = yield* newClient()
  assert.strictEqual(yield* me.stream(create(text)), sse(...opened(text), ...events))
  return me
})

const fails = (message: string, allow_retry = false) => ({
  type: "error",
  code: "custom",
  message,
  allow_retry
})

layer(ConformanceServer.playground, { excludeTestServices: true })(
  "the playground's threads",
  (it) => {
    it.effect("remove takes the newest answer away", () =>
      Effect.gen(function* () {
        const me = yield* answers("/say one", ...spoken("msg_2", "one"))
        assert.strictEqual(
          yield* me.stream(add("thr_1", "/remove")),
          sse(done(user("msg_3", "/remove")), options, expected.removed("msg_2"))
        )
        assert.deepStrictEqual(
          yield* me.reload("thr_1"),
          expected.page(user("msg_1", "/say one"), user("msg_3", "/remove"))
        )
      })
    )

    it.effect("remove and replace do nothing where there is no answer", () =>
      Effect.gen(function* () {
        const me = yield* answers("/remove\n/replace Better")
        assert.lengthOf(yield* me.stored("thr_1"), 1)
      })
    )

    it.effect("replace puts another answer in the place of the newest", () =>
      Effect.gen(function* () {
        const better = assistant("msg_3", "Better than two")
        const text = "/say one\n/say two\n/replace Better than two"
        const me = yield* answers(
          text,
          ...spoken("msg_2", "one"),
          ...spoken("msg_3", "two"),
          expected.replaced(better)
        )
        assert.deepStrictEqual(
          yield* me.reload("thr_1"),
          expected.page(user("msg_1", text), assistant("msg_2", "one"), better)
        )
      })
    )

    it.effect("title names the thread after the next event, or at the end", () =>
      Effect.gen(function* () {
        const title = { title: "Two words" }
        yield* answers("/title Two words", changed(title))
        const [first, ...others] = spoken("msg_2", "one")
        const text = "/title Two words\n/say one"
        const me = yield* answers(text, first!, changed(title), ...others)
        const items = expected.page(user("msg_1", text), assistant("msg_2", "one"))
        assert.strictEqual(
          yield* me.document(get("thr_1")),
          JSON.stringify(expected.thread({ ...title, items }))
        )
      })
    )

    it.effect("status locks and closes, with a reason or without, and nothing is taken then", () =>
      Effect.gen(function* () {
        for (const [text, status, reason] of [
          [
            "/status locked|Under review",
            { type: "locked", reason: "Under review" },
            ": Under review"
          ],
          ["/status locked", { type: "locked" }, ""],
          ["/status closed|Done", { type: "closed", reason: "Done" }, ": Done"]
        ] as const) {
          const me = yield* answers(text, changed({ status }))
          assert.deepStrictEqual(
            yield* me.refusal(add("thr_1", "More")),
            refused(409, `This thread is ${status.type}${reason}`)
          )
          assert.lengthOf(yield* me.stored("thr_1"), 1)
        }
        yield* answers("/status active")
      })
    )

    it.effect("domains says where images may come from", () =>
      Effect.gen(function* () {
        const allowed_image_domains = ["a.example", "b.example"]
        yield* answers("/domains a.example, b.example,", changed({ allowed_image_domains }))
        yield* answers("/domains", changed({ allowed_image_domains: [] }))
      })
    )

    it.effect("meta is kept, and shown as a thread that changed", () =>
      Effect.gen(function* () {
        const me = yield* answers("/meta plan|gold\n/meta seat|12A", changed({}))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), {
          metadata: { plan: "gold", seat: "12A" }
        })
      })
    )

    it.effect("error_event tells of a failure and goes on", () =>
      answers("/error_event Try later\n/say on", fails("Try later"), ...spoken("msg_2", "on"))
    )

    it.effect("raise ends the answer, and says nothing of what it was", () =>
      Effect.gen(function* () {
        const me = yield* answers(
          "/say one\n/raise secret\n/say never",
          ...spoken("msg_2", "one"),
          broken
        )
        assert.lengthOf(yield* me.stored("thr_1"), 2)
      })
    )

    it.effect("raise ends the answer before what has changed of the thread", () =>
      answers("/title T\n/raise secret", broken, changed({ title: "T" }))
    )

    it.effect("raise_stream_error leaves the words to the client", () =>
      answers("/raise_stream_error\n/say never", broken)
    )

    it.effect("raise_custom_error has words of its own, and a retry perhaps", () =>
      Effect.gen(function* () {
        yield* answers("/raise_custom_error Quota used up\n/say never", fails("Quota used up"))
        yield* answers("/raise_custom_error Quota used up|retry", fails("Quota used up", true))
        yield* answers("/raise_custom_error Quota used up|never", fails("Quota used up"))
      })
    )

    it.effect("a directive that cannot be understood says what it wants, and ends the answer", () =>
      Effect.gen(function* () {
        for (const [line, wanted] of [
          ["/tool x|nojson", "/tool wants NAME|JSON, where JSON is an object"],
          ["/tool x|[1]", "/tool wants NAME|JSON, where JSON is an object"],
          ['/tool x|{"a":1} and more', "/tool wants NAME|JSON, where JSON is an object"],
          ["/effect x|null", "/effect wants NAME|JSON, where JSON is an object"],
          [
            "/progress house|Text",
            "/progress wants the name of an icon, as in /progress search|Looking"
          ],
          ["/notice loud|Text", "/notice wants one of info, warning, danger first"],
          ["/notice", "/notice wants one of info, warning, danger first"],
          ["/status gone", "/status wants one of active, locked, closed first"]
        ] as const) {
          const me = yield* answers(`${line}\n/say never`, fails(wanted))
          assert.lengthOf(yield* me.stored("thr_1"), 1)
        }
      })
    )
  }
)
