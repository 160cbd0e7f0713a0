import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ended, linesOf, runner, spawned } from "../../support/Processes.ts"

const env = {
  NODE_ENV: "production",
  LOG_FORMAT: "json",
  DATABASE_URL: "postgres://nobody@127.0.0.1:1/none"
}

describe("the log of a process", () => {
  it.live.each([
    ["process.exit", 3],
    ["an uncaught exception", 1],
    ["nothing left to do", 0]
  ] as const)("is complete when it ends by %s", ([end, code]) =>
    Effect.gen(function* () {
      const program = join(import.meta.dirname, "../../support/LogAndExit.ts")
      const left = yield* Effect.flatMap(
        spawned(process.execPath, [runner, program, end], { cwd: import.meta.dirname, env }),
        ended
      )
      assert.strictEqual(left.code, code, left.err)
      assert.deepStrictEqual(
        linesOf(left.out).map((line) => (JSON.parse(line) as { message: string }).message),
        ["one", "two", "three"]
      )
    })
  )
})
