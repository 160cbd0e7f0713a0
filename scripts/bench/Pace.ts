import * as http from "node:http"
import { Effect } from "effect"
import { path } from "./Ask.ts"

export interface Paced {
  readonly url: string
  readonly token: string
  readonly seconds: number
  /** Sent in turn. */
  readonly bodies: ReadonlyArray<string>
}

/** Milliseconds from one request to the next: half of what one user may ask for. */
const pace = 40
const patience = 10_000

const agent = new http.Agent({ keepAlive: true })

/** Milliseconds until the answer is complete; undefined for one that is not what it should be. */
const timed = ({ token, url }: Paced, body: string) =>
  new Promise<number | undefined>((resolve) => {
    const began = performance.now()
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
    const signal = AbortSignal.timeout(patience)
    const request = http.request(url + path, { agent, method: "POST", headers, signal })
    request.on("response", (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("error", () => resolve(undefined))
      response.on("end", () => {
        const isWhole = response.statusCode === 200 && !text.includes('data: {"type":"error"')
        resolve(isWhole ? performance.now() - began : undefined)
      })
    })
    request.on("error", () => resolve(undefined))
    request.end(body)
  })

/** Sends requests at a steady pace, whatever their answers take. */
export const paced = (options: Paced) =>
  Effect.gen(function* () {
    const { bodies, seconds } = options
    const answers: Array<Promise<number | undefined>> = []
    const began = performance.now()
    for (let k = 0; k * pace < seconds * 1000; k++) {
      yield* Effect.sleep(Math.max(0, began + k * pace - performance.now()))
      answers.push(timed(options, bodies[k % bodies.length] ?? ""))
    }
    const all = yield* Effect.promise(() => Promise.all(answers))
    const times = all.filter((time) => time !== undefined).sort((a, b) => a - b)
    const [p50, p99] = [0.5, 0.99].map((n) => times[Math.floor((times.length - 1) * n)])
    return { p50, p99, failed: all.length - times.length }
  })
