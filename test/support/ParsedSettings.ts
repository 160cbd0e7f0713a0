import { assert } from "@effect/vitest"
import { parse, type SettingsShape } from "../../src/settings/Settings.ts"

type Environment = Parameters<typeof parse>[0]

export const databaseUrl = "postgres://joe:hunter2@db.internal:5432/app"
export const production = { NODE_ENV: "production", DATABASE_URL: databaseUrl } as const

export const settingsOf = (env: Environment): SettingsShape => {
  const read = parse(env)
  if ("problems" in read) return assert.fail(read.problems.join("\n"))
  return read
}

export const problemsOf = (env: Environment): ReadonlyArray<string> => {
  const read = parse(env)
  return "problems" in read ? read.problems : []
}

/** Whether exactly this one setting is found fault with. */
export const assertProblem = (env: Environment, name: string, advice: RegExp = /./) => {
  const problems = problemsOf(env)
  assert.strictEqual(problems.length, 1, `${JSON.stringify(env)}: ${problems.join("; ")}`)
  assert.isTrue(problems[0]?.startsWith(`${name}: `), problems[0])
  assert.match(problems[0] ?? "", advice)
}
