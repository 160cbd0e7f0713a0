import autocannon from "autocannon"
import { Effect } from "effect"
import { body, path } from "./Ask.ts"
import { BenchFailed } from "./Bench.ts"

export interface Load {
  /** Requests that were answered. */
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

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

/**
 * Sends requests over all connections at once. Fails unless every one is answered as it should be:
 * a server that answers otherwise is not measured.
 */
export const load = ({ connections, limit, seconds, status, tokens, url }: LoadOptions) =>
  Effect.callback<Load, BenchFailed>((resume) => {
    const fail = (message: string) => resume(new BenchFailed({ message }))
    // Autocannon's own histogram knows whole milliseconds only.
    const times: Array<number> = []
    let [next, began, finished] = [0, performance.now(), 0]
    let wrong: string | undefined
    const run = autocannon(
      {
        url: url + path,
        method: "POST",
        connections,
        ...(limit === undefined ? {} : { amount: limit }),
        duration: seconds,
        sampleInt: 10,
        timeout: 10,
        requests: [
          {
            setupRequest: (request) => ({
              ...request,
              body,
              headers: {
                "content-type": "application/json",
                authorization: `Bearer ${tokens[next++ % tokens.length]}`
              }
            })
          }
        ]
      },
      (error) => {
        clearTimeout(timer)
        if (error) return fail(String(error))
        if (wrong !== undefined) return fail(wrong)
        if (times.length === 0) return fail("no request was answered")
        times.sort((a, b) => a - b)
        const percentile = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0
        return resume(
          Effect.succeed({
            requests: times.length,
            seconds: (finished - began) / 1000,
            p50: percentile(0.5),
            p99: percentile(0.99)
          })
        )
      }
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
