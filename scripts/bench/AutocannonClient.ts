import { readFileSync } from "node:fs"
import autocannon from "autocannon"
import { body, type Load, type LoadOptions, path } from "./Load.ts"

// A process of its own, so that making the load and steering the benchmark do not share a thread.
const {
  connections,
  limit,
  seconds,
  status,
  tokens: file,
  url
} = JSON.parse(process.argv[2] ?? "{}") as LoadOptions

const tokens = readFileSync(file, "utf8").trimEnd().split("\n")
const times: Array<number> = []
let next = 0
let unexpected = 0
let failed = 0
let began = performance.now()
let finished = began

const instance = autocannon(
  {
    url: new URL(path, url).href,
    method: "POST",
    connections,
    // Each connection has its next request ready before it may not be sent any more.
    ...(limit === undefined ? {} : { amount: Math.max(connections, limit - connections) }),
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
    if (error !== null && error !== undefined) throw error
    times.sort((a, b) => a - b)
    const percentile = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0
    const load: Load = {
      requests: times.length,
      sent: times.length,
      seconds: (finished - began) / 1000,
      p50: percentile(0.5),
      p99: percentile(0.99),
      unexpected,
      failed
    }
    console.log(JSON.stringify(load))
  }
)

instance.on("start", () => (began = performance.now()))
instance.on("response", (_client, code, _bytes, milliseconds) => {
  finished = performance.now()
  times.push(milliseconds)
  if (code !== status) unexpected++
})
instance.on("reqError", () => failed++)
// A limited run has no duration of its own.
if (limit !== undefined) setTimeout(() => instance.stop(), seconds * 1000).unref()
