import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { relayed } from "../../../../src/http/upstream/UpstreamStream.ts"

const draining = { begin: Effect.void, begun: () => false, await: Effect.never }

const last = `data: {"type":"error","code":"stream.error","allow_retry":true}\n\n`

/** The bytes that a client gets before the chunks break off, and whether its connection breaks. */
const brokenAfter = Effect.fnUntraced(function* (chunks: ReadonlyArray<Uint8Array>) {
  const heard: Array<Uint8Array> = []
  const bytes = Stream.fromIterable(chunks).pipe(Stream.concat(Stream.fail("lost")))
  const exit = yield* relayed(bytes, { isEventStream: true, patience: "1 minute", draining }).pipe(
    Stream.runForEach((chunk) => Effect.sync(() => heard.push(chunk))),
    Effect.exit
  )
  return { text: Buffer.concat(heard).toString("latin1"), breaks: exit._tag === "Failure" }
})

describe("the stream of an upstream answer", () => {
  for (const [name, lineEnd] of [
    ["LF", "\n"],
    ["CRLF", "\r\n"]
  ] as const) {
    const event = `data: "ünd 漢字"${lineEnd}${lineEnd}`
    const bytes = Buffer.from(event + event)
    const boundaries = [0, bytes.length / 2, bytes.length]

    it.effect(`with ${name} gets a last event only where one has ended, whatever the chunks`, () =>
      Effect.gen(function* () {
        for (let at = 0; at <= bytes.length; at++) {
          const sent = bytes.subarray(0, at)
          const isBoundary = boundaries.includes(at)
          const expected = sent.toString("latin1") + (isBoundary ? last : "")
          for (const size of [1, 2, 3, 5, 1000]) {
            const chunks = Array.from({ length: Math.ceil(at / size) }, (_, index) =>
              sent.subarray(index * size, (index + 1) * size)
            )
            const { breaks, text } = yield* brokenAfter(chunks)
            assert.deepStrictEqual([text, breaks], [expected, !isBoundary])
          }
        }
      })
    )
  }
})
