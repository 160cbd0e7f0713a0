import { assert, describe, it } from "@effect/vitest"
import { chatKitFetch, type RefusedRequest } from "effect-chatkit/client"

const streaming = { accept: "text/event-stream", "content-type": "application/json" }
const message = JSON.stringify({
  type: "threads.create",
  params: { input: { content: [{ type: "input_text", text: "My words" }] } }
})

/** A page before a server that gives these answers; a missing one is a lost network. */
const page = (answers: ReadonlyArray<Response | undefined>, tokens = ["one", "two", "three"]) => {
  const sent: Array<string | null> = []
  const refused: Array<RefusedRequest> = []
  let signedOut = 0
  const fetch = chatKitFetch({
    token: () => Promise.resolve(tokens.shift()),
    onSignedOut: () => void signedOut++,
    onRefused: (request) => void refused.push(request),
    fetch: (_, init) => {
      sent.push(new Headers(init?.headers).get("authorization"))
      const answer = answers[sent.length - 1]
      return answer === undefined
        ? Promise.reject(new TypeError("Failed to fetch"))
        : Promise.resolve(answer)
    }
  })
  const send = (headers: Record<string, string> = streaming, signal?: AbortSignal) =>
    fetch("https://support.example.com/support/chatkit", {
      method: "POST",
      headers,
      body: message,
      ...(signal === undefined ? {} : { signal })
    })
  return { refused, send, sent, signedOut: () => signedOut }
}

const refusal = (status: number, error: string) => Response.json({ error, status }, { status })

const eventOf = async (response: Response) => {
  assert.strictEqual(response.status, 200)
  assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
  return JSON.parse((await response.text()).slice("data: ".length)) as unknown
}

const errorEvent = (words: string, allow_retry: boolean) => ({
  type: "error",
  code: "custom",
  message: words,
  allow_retry
})

describe("the page's fetch", () => {
  it("adds a fresh token, and once more another after a 401", async () => {
    const { send, sent } = page([refusal(401, "Invalid"), new Response("ok")])
    assert.strictEqual(await (await send()).text(), "ok")
    assert.deepStrictEqual(sent, ["Bearer one", "Bearer two"])
  })

  it("sends nothing without a token, and says that nobody is signed in", async () => {
    const { refused, send, sent, signedOut } = page([], [])
    assert.deepStrictEqual(
      await eventOf(await send()),
      errorEvent("Please sign in to go on.", false)
    )
    assert.deepStrictEqual([sent, signedOut()], [[], 1])
    assert.deepStrictEqual(refused, [
      { status: 401, message: "Please sign in to go on.", text: "My words" }
    ])
    const list = page([], [])
    assert.strictEqual((await list.send({})).status, 401)
  })

  it("shows the server's words for a refusal, and gives the person's own words back", async () => {
    for (const [status, retry] of [
      [409, false],
      [413, false],
      [429, true],
      [503, true]
    ] as const) {
      const { refused, send, sent } = page([refusal(status, "In these words")])
      assert.deepStrictEqual(await eventOf(await send()), errorEvent("In these words", retry))
      assert.deepStrictEqual(refused, [{ status, message: "In these words", text: "My words" }])
      assert.lengthOf(sent, 1)
    }
  })

  it("offers a retry when the network is gone, unless the person pressed Stop", async () => {
    const { send } = page([undefined])
    const words = "The chat cannot be reached right now. Please try again."
    assert.deepStrictEqual(await eventOf(await send()), errorEvent(words, true))
    const gateway = page([new Response("<html>", { status: 502 })])
    assert.deepStrictEqual(await eventOf(await gateway.send()), errorEvent(words, true))
    const stopped = page([undefined])
    const outcome = await stopped.send(streaming, AbortSignal.abort()).catch(() => "thrown")
    assert.strictEqual(outcome, "thrown")
    assert.deepStrictEqual(stopped.refused, [])
  })

  it("leaves every other answer as it is", async () => {
    const { send } = page([refusal(404, "Thread not found"), new Response("events")])
    assert.strictEqual((await send({})).status, 404)
    assert.strictEqual(await (await send()).text(), "events")
    const lost = page([undefined])
    assert.strictEqual(await lost.send({}).catch(() => "thrown"), "thrown")
  })
})
