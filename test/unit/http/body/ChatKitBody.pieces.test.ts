import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { connect, partsOf } from "../../../support/http/RawConnection.ts"
import { heldIdentities } from "../../../support/http/HeldIdentities.ts"
import { ServerOnDoubles, tokenFor } from "../../../support/http/ServerOnDoubles.ts"

/** A server before which everybody waits for the test to let them in. */
class Door extends Context.Service<
  Door,
  { readonly url: string; readonly next: Effect.Effect<Effect.Effect<void>> }
>()("test/http/Door") {
  static readonly layer = Layer.effect(
    Door,
    Effect.gen(function* () {
      const { identities, next } = yield* heldIdentities
      const served = yield* Layer.build(
        ServerOnDoubles.layer({ identities, env: { BODY_LIMIT: "2048" } })
      )
      return { url: Context.get(served, ServerOnDoubles).url, next }
    })
  )
}

const saidToChatKit = (error: string, status: number) =>
  JSON.stringify({ error, status, message: error })
const noJson = saidToChatKit("Invalid request body: it is not JSON", 400)
const noObject = saidToChatKit("Invalid request body: it is not a JSON object", 400)
const tooLarge = saidToChatKit("The message is too large: at most 2 KiB", 413)

const silence = { type: "input.transcribe", params: { audio_base64: "", mime_type: "audio/webm" } }
const question = JSON.stringify(silence)
const text = `{"text":"0 bytes of audio/webm"}`
const bytes = (...parts: ReadonlyArray<string | ReadonlyArray<number>>) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part)))
  )

const padded = (length: number) => Buffer.from(question.padEnd(length))

/** The answer to every body, however it arrives. */
const bodies: ReadonlyArray<readonly [string, Buffer, number, string | RegExp]> = [
  ["a question", bytes(question), 200, text],
  ["a question behind a byte order mark", bytes([0xef, 0xbb, 0xbf], question), 200, text],
  ["UTF-16", Buffer.from(`\ufeff${question}`, "utf16le"), 400, noJson],
  ["nothing", bytes(), 400, noObject],
  ["blanks", bytes(" \r\n"), 400, noJson],
  ["a NUL", bytes(`{"message":"a\u0000"}`), 400, noJson],
  ["a letter of four bytes", bytes(`{"message":"hello 😀"}`), 200, /hello 😀/],
  ["no UTF-8", bytes(`{"message":"hello `, [0xff, 0xc3], `!"}`), 200, /hello \ufffd\ufffd!/],
  ["all that fits", padded(2048), 200, text],
  ["a byte too many", Buffer.from(`{"message":"Hi"}`.padEnd(2049)), 413, tooLarge]
]

interface Arriving {
  readonly connection: Effect.Success<ReturnType<typeof connect>>
  /** The request up to its body, and the body in two pieces as they go over the wire. */
  readonly head: string
  readonly first: Buffer
  readonly second: Buffer
  /** Waits until the server is about to let its caller in. */
  readonly atDoor: Effect.Effect<Effect.Effect<void>>
}

const whole = ({ atDoor, connection, first, head, second }: Arriving) =>
  connection.write(bytes(head, [...first], [...second])).pipe(
    Effect.andThen(atDoor),
    Effect.flatMap((letIn) => letIn)
  )

const before = ({ atDoor, connection, first, head, second }: Arriving) =>
  Effect.gen(function* () {
    yield* connection.write(head)
    const letIn = yield* atDoor
    yield* connection.write(first)
    yield* connection.write(second)
    yield* letIn
  })

const after = ({ atDoor, connection, first, head, second }: Arriving) =>
  Effect.gen(function* () {
    yield* connection.write(head)
    yield* yield* atDoor
    yield* connection.write(first)
    yield* connection.write(second)
  })

const around = ({ atDoor, connection, first, head, second }: Arriving) =>
  Effect.gen(function* () {
    yield* connection.write(bytes(head, [...first]))
    yield* yield* atDoor
    yield* connection.write(second)
  })

const asked = ({ atDoor, connection, first, head, second }: Arriving) =>
  Effect.gen(function* () {
    yield* connection.write(head)
    yield* yield* atDoor
    assert.match(yield* connection.until(/\r\n\r\n/), /^HTTP\/1\.1 100 Continue\r\n\r\n/)
    yield* connection.write(bytes([...first], [...second]))
  })

const arrivals = [
  ["in one packet", "length", whole],
  ["in two pieces while its caller waits at the door", "length", before],
  ["in two pieces when its caller is in already", "length", after],
  ["in two pieces on both sides of the door", "length", around],
  ["chunked in one packet", "chunked", whole],
  ["chunked on both sides of the door", "chunked", around],
  ["as soon as it is asked for", "expect", asked],
  ["before it could be asked for", "expect", whole]
] as const

const utf8 = (latin1: string) => Buffer.from(latin1, "latin1").toString("utf8")

layer(Door.layer, { excludeTestServices: true })("a body that comes", (it) => {
  it.effect.each(arrivals)("%s is answered as any other", ([, framing, arrive]) =>
    Effect.gen(function* () {
      const { next, url } = yield* Door
      const token = yield* tokenFor("ada")
      for (const [name, body, status, expected] of bodies) {
        const lines = [
          "POST /support/chatkit HTTP/1.1",
          "host: x",
          `authorization: Bearer ${token}`,
          "content-type: application/json",
          "connection: close",
          framing === "chunked" ? "transfer-encoding: chunked" : `content-length: ${body.length}`,
          ...(framing === "expect" ? ["expect: 100-continue"] : [])
        ]
        // In the middle of a letter, where there is one.
        const letter = body.indexOf(0xf0)
        const middle = letter === -1 ? body.length >> 1 : letter + 2
        const pieces = [body.subarray(0, middle), body.subarray(middle)]
        const [first, second] = framing === "chunked" ? chunked(pieces) : pieces
        const answer = yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* connect(url)
            const head = `${lines.join("\r\n")}\r\n\r\n`
            yield* arrive({ connection, head, first: first!, second: second!, atDoor: next })
            return yield* connection.closed
          })
        )
        const parts = partsOf(answer.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, ""))
        assert.strictEqual(parts.status, status, name)
        if (typeof expected === "string") assert.strictEqual(parts.body, expected, name)
        else assert.match(utf8(parts.body), expected, name)
      }
    })
  )

  it.effect("leaves its connection to the next, be it good, bad or too large", () =>
    Effect.gen(function* () {
      const { next, url } = yield* Door
      const token = yield* tokenFor("ada")
      const sent = bodies.filter(([, , , expected]) => typeof expected === "string")
      const requests = sent.map(([, body], i) =>
        [
          `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}`,
          `content-type: application/json\r\ncontent-length: ${body.length}`,
          `connection: ${i === sent.length - 1 ? "close" : "keep-alive"}\r\n\r\n`
        ].join("\r\n")
      )
      const answers = yield* Effect.scoped(
        Effect.gen(function* () {
          const connection = yield* connect(url)
          for (const [i, head] of requests.entries()) {
            yield* connection.write(bytes(head, [...sent[i]![1]]))
            yield* yield* next
          }
          return yield* connection.closed
        })
      )
      assert.deepStrictEqual(
        answers.split(/(?=HTTP\/1\.1 )/).map((answer) => {
          const { body, status } = partsOf(answer)
          return [status, body]
        }),
        sent.map(([, , status, expected]) => [status, expected])
      )
    })
  )
})

const chunked = ([first, second]: ReadonlyArray<Buffer>) => {
  const chunk = (piece: Buffer) =>
    piece.length === 0 ? piece : bytes(`${piece.length.toString(16)}\r\n`, [...piece], "\r\n")
  return [chunk(first!), bytes([...chunk(second!)], "0\r\n\r\n")]
}
