import autocannon from "autocannon"
import { Effect } from "effect"
import { body, path } from "./Ask.ts"
import { BenchFailed } from "./Bench.ts"

interface LoadOptions {
  readonly url: string
  /** Used in turn. */
  readonly tokens: ReadonlyArray<string>
  readonly connections: number
  /** Every answer should have this status. */
  readonly status: number
  readonly seconds: number
  /** Ends the load early after this many requests. */
  readonly limit?: number | undefined
}

interface Load {
  /** Requests that were answered. */
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/**
 * Sends requests over all connections at once. Fails unless every one is answered as it should be:
 * a server that answers otherwise is not measured.
 */
export const load = ({ connections, limit, seconds, status, tokens, url }: LoadOptions) =>
  Effect.callback<Load, BenchFailed>((resume) => {
    // Autocannon's own histogram knows whole milliseconds only.
    const times: Array<number> = []
    let [next, began, finished] = [0, performance.now(), 0]
    let wrong: string | undefined
    const setupRequest = (request: autocannon.Request) => {
      const authorization = `Bearer ${tokens[next++ % tokens.length]}`
      return { ...request, body, headers: { "content-type": "application/json", authorization } }
    }
    const end = (error: unknown) => {
      clearTimeout(timer)
      const message = error ? String(error) : (wrong ?? (finished === 0 && "no answer came"))
      if (message) return resume(new BenchFailed({ message }))
      times.sort((a, b) => a - b)
      const [p50 = 0, p99 = 0] = [0.5, 0.99].map((n) => times[Math.floor((times.length - 1) * n)])
      const load = { requests: times.length, seconds: (finished - began) / 1000, p50, p99 }
      return resume(Effect.succeed(load))
    }
    const run = autocannon(
      {
        url: url + path,
        method: "POST",
        connections,
        ...(limit === undefined ? {} : { amount: limit }),
        duration: seconds,
        sampleInt: 10,
        requests: [{ setupRequest }]
      },
      end
    )
    // With an amount autocannon ignores the duration.
    const timer = setTimeout(() => run.stop(), seconds * 1000)
    run.on("start", () => (began = performance.now()))
    run.on("response", (_client, code, _bytes, milliseconds) => {
      finished = performance.now()
      times.push(milliseconds)
      if (code !== status) wrong ??= `an answer was ${code} instead of ${status}`
    })
    run.on("reqError", (error) => (wrong ??= `a request was not answered: ${error.message}`))
    return Effect.sync(() => run.stop())
  })
