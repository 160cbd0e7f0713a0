import { readFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  type Client,
  ConformanceServer,
  newClient
} from "../support/conformance/ConformanceServer.ts"

const read = (file: string) => readFileSync(new URL(`transcripts/${file}`, import.meta.url), "utf8")

/** The reference server's answer, its ids counted from one; its times have no zone. */
const recorded = (file: string) => {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return read(file)
    .replace(/"created_at":"[^"]+"/g, `"created_at":"T"`)
    .replace(/\b(thr|msg|tc|wf|tsk|atc)_[0-9a-f]{8}\b/g, (id, prefix: string) => {
      const count = (counts.get(prefix) ?? 0) + (names.has(id) ? 0 : 1)
      counts.set(prefix, count)
      const name = names.get(id) ?? `${prefix}_${count}`
      names.set(id, name)
      return name
    })
}

const request = (name: string, item = "") =>
  JSON.parse(
    read(`${name}.request.json`)
      .replaceAll("$thread", "thr_1")
      .replace(/\$item\[\w+\]/g, item)
  ) as unknown

/** Ids of the thread before, for those who come after the first request. */
const later = (text: string, before: Readonly<Record<string, number>>) =>
  text.replace(
    /"(msg|tc)_(\d+)"/g,
    (_, prefix: string, n: string) => `"${prefix}_${Number(n) + (before[prefix] ?? 0)}"`
  )

layer(ConformanceServer.playground, { excludeTestServices: true })(
  "the reference server's transcripts, over HTTP",
  (it) => {
    for (const name of ["create", "kinds", "raise-custom", "tool", "widget-stream"]) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const me = yield* newClient()
          assert.strictEqual(yield* me.stream(request(name)), recorded(`${name}.sse`))
        })
      )
    }

    const begun = Effect.fnUntraced(function* (first: unknown) {
      const me: Client = yield* newClient()
      yield* me.stream(first)
      return me
    })

    it.effect("get", () =>
      Effect.gen(function* () {
        const me = yield* begun(request("create"))
        assert.strictEqual(yield* me.document(request("get")), recorded("get.json"))
      })
    )

    it.effect("title", () =>
      Effect.gen(function* () {
        const me = yield* begun(request("create"))
        const answer = yield* me.stream(request("title"))
        assert.strictEqual(answer, later(recorded("title.sse"), { msg: 2 }))
      })
    )

    it.effect("tool-output", () =>
      Effect.gen(function* () {
        const me = yield* begun(request("tool"))
        const answer = yield* me.stream(request("tool-output"))
        assert.strictEqual(answer, later(recorded("tool-output.sse"), { msg: 1 }))
      })
    )

    it.effect("structured-answer", () =>
      Effect.gen(function* () {
        const me = yield* begun({ message: "/structured" })
        const answer = yield* me.stream(request("structured-answer", "msg_2"))
        assert.strictEqual(answer, later(recorded("structured-answer.sse"), { msg: 1 }))
      })
    )

    it.effect("sync-action", () =>
      Effect.gen(function* () {
        const me = yield* begun({ message: "/widget Hello" })
        const answer = yield* me.document(request("sync-action", "msg_2"))
        assert.strictEqual(answer, later(recorded("sync-action.json"), { msg: 1 }))
      })
    )

    it.effect("attachment-image, but for where to send it", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const theirs = recorded("attachment-image.json")
          .replace(/"url":"[^"]*"/, `"url":"/support/attachments/atc_1/upload?signed"`)
          .replace(/"headers":\{[^}]*\}/, `"headers":{"Content-Type":"image/png"}`)
          .replace(
            /"preview_url":"[^"]*"/,
            `"preview_url":"/support/attachments/atc_1/content?signed"`
          )
        assert.strictEqual(yield* me.document(request("attachment-image")), theirs)
      })
    )

    it.effect("cancel", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const answer = yield* me.leave(request("cancel"), `"delta":" there"`)
        assert.strictEqual(answer, recorded("cancel.sse"))
      })
    )
  }
)
