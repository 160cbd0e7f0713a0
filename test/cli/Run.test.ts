import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { parseEnv } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parse } from "../../src/settings/Settings.ts"
import {
  closedDatabase,
  ended,
  freshClone,
  linesOf,
  minimalEnv,
  outcomeOf,
  runner,
  signalled,
  silentPort,
  spawned,
  startIn
} from "../support/Processes.ts"

const majorOf = (node: string): number => {
  const { status, stdout } = spawnSync(node, ["-p", "process.versions.node"], {
    encoding: "utf8",
    env: minimalEnv()
  })
  return status === 0 ? Number.parseInt(stdout) : Infinity
}

const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((directory) => join(directory, "node"))
  .find((node) => existsSync(node) && majorOf(node) < 24)

/** A start that cannot work leaves one message, no stack trace and exit code 1. */
const refusalOf = (directory: string, env: Record<string, string>) =>
  Effect.map(outcomeOf(directory, "start", [], env), ({ code, err, out }) => {
    assert.strictEqual(code, 1)
    assert.strictEqual(out, "")
    assert.notMatch(err, /^\s+at /m)
    return linesOf(err)
  })

const problemsOf = (lines: ReadonlyArray<string>) =>
  lines.flatMap((line) => /^ {2}- ([A-Z_]+): \S/.exec(line)?.[1] ?? [])

describe("scripts/run.mjs", () => {
  it.live.skipIf(oldNode === undefined)("finds the pinned Node when started on an old one", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const minted = yield* Effect.flatMap(
        spawned(oldNode!, [runner, "--env", "src/cli/token.ts", "ada"], { cwd: directory }),
        ended
      )
      assert.deepStrictEqual([minted.code, minted.err], [0, ""])
      assert.match(minted.out, /^\S+\.\S+\.\S+\n$/)
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(oldNode === undefined)(
    "names the version it needs where no such Node is installed",
    () =>
      Effect.gen(function* () {
        const directory = yield* freshClone
        rmSync(join(directory, "node_modules"))
        rmSync(join(directory, "scripts"))
        mkdirSync(join(directory, "scripts"))
        copyFileSync(runner, join(directory, "scripts/run.mjs"))
        const refused = yield* Effect.flatMap(
          spawned(oldNode!, ["scripts/run.mjs", "--env", "src/main.ts"], { cwd: directory }),
          ended
        )
        assert.deepStrictEqual([refused.code, refused.out], [1, ""])
        assert.lengthOf(linesOf(refused.err), 1)
        assert.match(refused.err, /needs Node 24 or newer, and this is Node \d+\./)
      }).pipe(Effect.scoped)
  )

  it.live("reads .env, and lets the real environment win", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      writeFileSync(
        join(directory, ".env"),
        `PORT=from-the-file\nCLOCK_TOLERANCE=from-the-file\nDATABASE_URL="${closedDatabase}"\n`
      )
      const lines = yield* refusalOf(directory, { PORT: "0" })
      assert.deepStrictEqual(problemsOf(lines), ["CLOCK_TOLERANCE"])
    }).pipe(Effect.scoped)
  )

  it.live(
    "takes the server along when the dev script is stopped",
    () =>
      Effect.gen(function* () {
        const directory = yield* freshClone
        const { running } = yield* startIn(directory, { DATABASE_URL: closedDatabase }, "dev")
        // `signalled` ends only when every process that holds the output has ended.
        yield* signalled(running, "SIGTERM")
      }).pipe(Effect.scoped),
    20_000
  )
})

describe("settings that cannot work", () => {
  it.live("lists what production needs when nothing is set, and makes nothing up", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const lines = yield* refusalOf(directory, { NODE_ENV: "production" })
      assert.deepStrictEqual(problemsOf(lines), ["DATABASE_URL"])
      assert.match(lines[1]!, /postgres:\/\/user:password@host:5432\/name$/)
      assert.isFalse(existsSync(join(directory, ".data")))
    }).pipe(Effect.scoped)
  )

  it.live("lists every bad value in one message, without the value", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const bad = {
        PORT: "99999",
        DATABASE_URL: "mysql://u:not-for-the-screen@host/name",
        BETTER_AUTH_SECRET: "not-for-the-screen",
        BETTER_AUTH_JWKS_URL: "app.example.com/not-for-the-screen",
        CLOCK_TOLERANCE: "a-quarter",
        CORS_ORIGINS: "https://app.example.com/"
      }
      const lines = yield* refusalOf(directory, { NODE_ENV: "production", ...bad })
      assert.deepStrictEqual(problemsOf(lines).sort(), Object.keys(bad).sort())
      assert.notMatch(lines.join("\n"), /not-for-the-screen|99999|a-quarter/)
      assert.isFalse(existsSync(join(directory, ".data")))
    }).pipe(Effect.scoped)
  )

  it.live("says that nobody would answer in production, unless the playground is insisted on", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const { port } = yield* silentPort
      const env = { NODE_ENV: "production", DATABASE_URL: closedDatabase, PORT: String(port) }
      const lines = yield* refusalOf(directory, env)
      assert.deepStrictEqual(problemsOf(lines), ["MODEL"])
      assert.match(lines[1]!, /RESPONDER or UPSTREAM_URL, or PLAYGROUND=on/)
      // Now it goes as far as the port, which is taken.
      const [next = ""] = yield* refusalOf(directory, { ...env, PLAYGROUND: "on" })
      assert.include(next, String(port))
    }).pipe(Effect.scoped)
  )

  it.live("names the port that is taken, in one line", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const { port } = yield* silentPort
      const lines = yield* refusalOf(directory, {
        DATABASE_URL: closedDatabase,
        PORT: String(port)
      })
      assert.lengthOf(lines, 1)
      assert.include(lines[0]!, String(port))
    }).pipe(Effect.scoped)
  )

  it.live("names the host that it cannot listen on, in one line", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      // Reserved for documentation (RFC 5737), so no machine has it.
      const HOST = "203.0.113.7"
      const lines = yield* refusalOf(directory, { DATABASE_URL: closedDatabase, PORT: "0", HOST })
      assert.lengthOf(lines, 1)
      assert.include(lines[0]!, HOST)
    }).pipe(Effect.scoped)
  )
})

describe("the values of .env.example", () => {
  const example = readFileSync(join(dirname(runner), "../.env.example"), "utf8")
  const values = parseEnv(example.replace(/^# (?=[A-Z_]+=)/gm, ""))

  it("give production neither a published secret nor a docs page", () => {
    // Only one source of answers can be set.
    const { RESPONDER: _, UPSTREAM_URL: __, ...oneSource } = values
    const copied = parse({ ...oneSource, NODE_ENV: "production", MODEL_TOOLS: undefined })
    assert.deepStrictEqual(
      "problems" in copied ? copied.problems.map((problem) => problem.split(":")[0]) : [],
      ["BETTER_AUTH_SECRET"]
    )
    const uncommented = parse({
      ...parseEnv(example),
      NODE_ENV: "production",
      DATABASE_URL: closedDatabase
    })
    assert.include(uncommented, { docs: false, logFormat: "json" })
  })

  it.live(
    "C2: reads a .env that begins with a byte order mark, and says so of one it cannot read",
    () =>
      Effect.gen(function* () {
        const directory = yield* freshClone
        writeFileSync(
          join(directory, ".env"),
          `\uFEFFNODE_ENV=production\nPLAYGROUND=on\nDATABASE_URL=${closedDatabase}\nPORT=none\n`
        )
        assert.deepStrictEqual(problemsOf(yield* refusalOf(directory, {})), ["PORT"])
        rmSync(join(directory, ".env"))
        mkdirSync(join(directory, ".env"))
        const [line, ...more] = yield* refusalOf(directory, {})
        assert.match(String(line), /^\.env cannot be read \(EISDIR\): make it a file/)
        assert.lengthOf(more, 0)
      }).pipe(Effect.scoped)
  )
})
