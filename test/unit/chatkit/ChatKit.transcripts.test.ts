import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chatKit, document, stream, streamUntil } from "../../support/ChatKitService.ts"

/** The reference server's answer; its times have no zone, ours are UTC. */
const recorded = (file: string) =>
  readFileSync(new URL(`../../conformance/transcripts/${file}`, import.meta.url), "utf8")

const inUtc = (text: string) =>
  text.replace(/"created_at":"([^"]+)"/g, (_, time: string) => `"created_at":"${time}Z"`)

const events = (file: string) =>
  inUtc(recorded(file))
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map((frame) => frame.slice("data: ".length))

/** Ids and times by the order in which they appear, so that what went before does not matter. */
const normalised = (lines: ReadonlyArray<string>) => {
  const seen = new Map<string, string>()
  return lines.map((line) =>
    line.replace(/(thr|msg|tc|wf|tsk|atc)_[0-9a-f]{8}|2025-01-01T[0-9:.]+Z/g, (id) => {
      const known = seen.get(id) ?? `#${seen.size}`
      seen.set(id, known)
      return known
    })
  )
}

const request = (name: string, names: Record<string, string> = {}) =>
  JSON.parse(
    recorded(`${name}.request.json`).replace(
      /\$thread|\$item\[\w+\]/g,
      (name) => names[name] ?? name
    )
  ) as unknown

/** The id of the first item of a type in an answer. */
const itemOf = (lines: ReadonlyArray<string>, type: string) =>
  lines
    .map((line) => JSON.parse(line) as { item?: { id: string; type: string } })
    .find(({ item }) => item?.type === type)?.item?.id ?? assert.fail(`no ${type}`)

const threadOf = (lines: ReadonlyArray<string>) =>
  /"thread":\{(?:"title":"[^"]*",)?"id":"([^"]+)"/.exec(lines[0] ?? "")?.[1] ??
  assert.fail("no thread")

const asRecorded = (lines: ReadonlyArray<string>, file: string) =>
  assert.deepStrictEqual(normalised(lines), normalised(events(file)))

describe("the reference server's transcripts, byte for byte", () => {
  for (const name of ["create", "kinds", "raise-custom", "tool", "widget-stream"]) {
    it.effect(name, () =>
      Effect.gen(function* () {
        asRecorded(yield* stream(request(name)), `${name}.sse`)
      }).pipe(Effect.provide(chatKit()))
    )
  }

  it.effect("get", () =>
    Effect.gen(function* () {
      const $thread = threadOf(yield* stream(request("create")))
      const thread = JSON.stringify(yield* document(request("get", { $thread })))
      assert.deepStrictEqual(normalised([thread]), normalised([inUtc(recorded("get.json"))]))
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("title", () =>
    Effect.gen(function* () {
      const $thread = threadOf(yield* stream(request("create")))
      asRecorded(yield* stream(request("title", { $thread })), "title.sse")
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("tool-output", () =>
    Effect.gen(function* () {
      const $thread = threadOf(yield* stream(request("tool")))
      asRecorded(yield* stream(request("tool-output", { $thread })), "tool-output.sse")
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("structured-answer", () =>
    Effect.gen(function* () {
      const begun = yield* stream({ message: "/structured" })
      const names = {
        $thread: threadOf(begun),
        "$item[structured_input]": itemOf(begun, "structured_input")
      }
      asRecorded(yield* stream(request("structured-answer", names)), "structured-answer.sse")
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("sync-action", () =>
    Effect.gen(function* () {
      const begun = yield* stream({ message: "/widget Hello" })
      const names = { $thread: threadOf(begun), "$item[widget]": itemOf(begun, "widget") }
      const answer = JSON.stringify(yield* document(request("sync-action", names)))
      assert.deepStrictEqual(
        normalised([answer]),
        normalised([inUtc(recorded("sync-action.json"))])
      )
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("attachment-image", () =>
    Effect.gen(function* () {
      const answer = JSON.stringify(yield* document(request("attachment-image")))
      assert.strictEqual(answer, recorded("attachment-image.json"))
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("cancel", () =>
    Effect.gen(function* () {
      asRecorded(yield* streamUntil(7, request("cancel")), "cancel.sse")
    }).pipe(Effect.provide(chatKit()))
  )
})
