import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import type { Cleanup } from "./Cleanup.ts"
import type { Load, LoadGenerator } from "./Load.ts"
import { run } from "./Processes.ts"

const version = () => {
  const file = createRequire(import.meta.url).resolve("autocannon/package.json")
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version
}

/** Where wrk is not installed. It needs more CPU than wrk, which the servers then lack. */
export const autocannon = (cleanup: Cleanup): LoadGenerator => ({
  name: `autocannon ${version()}`,
  run: async (options) => {
    const text = await run(
      {
        command: process.execPath,
        args: [join(import.meta.dirname, "AutocannonClient.ts"), JSON.stringify(options)],
        env: {}
      },
      options.seconds + 30,
      cleanup
    )
    return JSON.parse(text) as Load
  }
})
