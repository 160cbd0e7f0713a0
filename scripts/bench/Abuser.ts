// Runs in a worker: writing large bodies must not delay who measures.
import * as http from "node:http"
import { workerData } from "node:worker_threads"
import { path } from "./Ask.ts"

/** The requests that one user makes of a server, again and again. */
export type Abuse = "heavy bodies" | "large pages" | "open bodies"

export interface Abusing {
  readonly url: string
  readonly token: string
  /** A thread of the same user with more than one page takes. */
  readonly threadId: string
  readonly abuses: ReadonlyArray<Abuse>
}

const loopsEach = 4
const openBodies = 200
/** Milliseconds until a body that was refused is opened again. */
const pause = 1_000

const mebibyte = 1024 * 1024

const listing = (metadata: string) =>
  Buffer.from(`{"type":"threads.list","params":{},"metadata":${metadata}}`)

const times = (count: number, text: (k: number) => string) =>
  Array.from({ length: count }, (_, k) => text(k)).join(",")

/** A mebibyte that is refused for its half million lists, and two that are taken. */
const heavy = () => [
  listing(`{"a":[${times(520, () => "[".repeat(990) + "]".repeat(990))}]}`),
  listing(`{"a":["\\ud800",${times(340_000, () => '""')}]}`),
  listing(`{${times(19_000, (k) => `"k${k}":["${"x".repeat(38)}"]`)}}`)
]

const agent = new http.Agent({ keepAlive: true })

/** Sends a body, or no more than its beginning, and waits until the server is done with it. */
const send = ({ token, url }: Abusing, body: Buffer, length = body.length) =>
  new Promise<void>((resolve) => {
    const headers = {
      "content-type": "application/json",
      "content-length": length,
      authorization: `Bearer ${token}`
    }
    const request = http.request(url + path, { agent, method: "POST", headers })
    request.on("response", (response) => response.resume())
    // A server that hangs up has answered, too.
    request.on("error", () => undefined)
    request.on("close", resolve)
    if (length === body.length) request.end(body)
    else request.write(body)
  })

const endlessly = async (work: () => Promise<unknown>) => {
  for (;;) await work()
}

const begin = (abusing: Abusing): Readonly<Record<Abuse, () => void>> => ({
  "heavy bodies": () => {
    const bodies = heavy()
    let next = 0
    for (let k = 0; k < loopsEach; k++) {
      void endlessly(() => send(abusing, bodies[next++ % bodies.length]!))
    }
  },
  "large pages": () => {
    const params = { thread_id: abusing.threadId, limit: 9999 }
    const body = Buffer.from(JSON.stringify({ type: "items.list", params }))
    for (let k = 0; k < loopsEach; k++) void endlessly(() => send(abusing, body))
  },
  "open bodies": () => {
    for (let k = 0; k < openBodies; k++) {
      void endlessly(async () => {
        await send(abusing, Buffer.from("{"), mebibyte)
        await new Promise((resolve) => setTimeout(resolve, pause))
      })
    }
  }
})

const abusing = workerData as Abusing
for (const abuse of abusing.abuses) begin(abusing)[abuse]()
