import { spawnSync } from "node:child_process"
import { join } from "node:path"
import type { Cleanup } from "./Cleanup.ts"
import { body, type LoadGenerator, path } from "./Load.ts"
import { plainEnvironment, run } from "./Processes.ts"

const script = join(import.meta.dirname, "wrk.lua")

interface Line {
  readonly requests: number
  readonly sent: number
  readonly micros: number
  readonly p50: number
  readonly p99: number
  readonly unexpected: number
  readonly failed: number
}

/** wrk, when it is installed. */
export const wrk = (cleanup: Cleanup): LoadGenerator | undefined => {
  const { error, stdout } = spawnSync("wrk", ["-v"], {
    encoding: "utf8",
    env: plainEnvironment({})
  })
  if (error !== undefined) return undefined
  return {
    name: /^wrk \S+/.exec(stdout)?.[0] ?? "wrk",
    run: async ({ connections, limit = 0, seconds, status, tokens, url }) => {
      // The script ends it in time: wrk itself counts in whole seconds.
      const longest = `-d${Math.ceil(seconds) + 2}s`
      const load = ["-t1", `-c${connections}`, longest, "--latency", "-s", script, url]
      const own = [tokens, String(limit), String(seconds), String(status), path, body]
      const args = [...load, "--", ...own]
      const text = await run({ command: "wrk", args, env: {} }, seconds + 20, cleanup)
      const found = /^bench (\{.*\})$/m.exec(text)?.[1]
      if (found === undefined) throw new Error(`wrk said no result: ${text.slice(-500)}`)
      const { failed, micros, p50, p99, requests, sent, unexpected } = JSON.parse(found) as Line
      return {
        requests,
        sent,
        seconds: micros / 1e6,
        p50: p50 / 1000,
        p99: p99 / 1000,
        unexpected,
        failed
      }
    }
  }
}
