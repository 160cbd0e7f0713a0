import { execFileSync } from "node:child_process"
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, eventsOf } from "../support/Client.ts"
import { freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { runner, spawned } from "../support/Processes.ts"
import { eventually } from "../support/Eventually.ts"
import { origin } from "../support/Tokens.ts"

const project = join(dirname(runner), "..")
const home = mkdtempSync(join(tmpdir(), "chatkit-package-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** An empty project with the packed package in it; its dependencies are those of this checkout. */
const installed = () => {
  const run = (command: string, ...args: ReadonlyArray<string>) =>
    execFileSync(command, args, { cwd: home, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  execFileSync("npm", ["run", "-s", "build"], { cwd: project })
  const packed = execFileSync(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", home],
    { cwd: project, encoding: "utf8" }
  ).trim()
  run("tar", "-xzf", join(home, packed))
  const modules = join(home, "node_modules")
  mkdirSync(modules)
  for (const name of readdirSync(join(project, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(project, "node_modules", name), join(modules, name))
  }
  cpSync(join(home, "package"), join(modules, "effect-chatkit"), { recursive: true })
  writeFileSync(join(home, "package.json"), `{"type":"module"}`)
  writeFileSync(
    join(home, "answers.ts"),
    [
      `import { Layer } from "effect"`,
      `import { Answer, Responder } from "effect-chatkit"`,
      `import { chatKitFetch } from "effect-chatkit/client"`,
      `import { Thread, Widgets } from "effect-chatkit/protocol"`,
      `import { Authentication } from "effect-chatkit/auth"`,
      `if (![chatKitFetch, Thread, Widgets.Card, Authentication].every(Boolean)) throw new Error()`,
      `export default Layer.succeed(`,
      `  Responder,`,
      `  Responder.make({ respond: (turn) => Answer.say(turn, "From the package") })`,
      `)`
    ].join("\n")
  )
  writeFileSync(
    join(home, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2024",
        lib: ["ES2024", "DOM"],
        module: "NodeNext",
        types: [],
        noEmit: true,
        strict: true,
        skipLibCheck: true
      },
      files: ["answers.ts"]
    })
  )
  return run
}

describe("the packed package", () => {
  it.live.skipIf(!onRealServer)(
    "type-checks in an empty project, and runs a responder from it",
    () =>
      Effect.gen(function* () {
        const run = installed()
        run(process.execPath, join(project, "node_modules/typescript/bin/tsc"), "-p", ".")
        const { database, token } = yield* freshDatabase
        const running = yield* spawned(
          process.execPath,
          [join(home, "node_modules/effect-chatkit/dist/main.js")],
          {
            cwd: home,
            env: {
              PORT: "0",
              LOG_FORMAT: "json",
              NODE_ENV: "production",
              RESPONDER: "./answers.ts",
              DATABASE_URL: database.url!,
              BETTER_AUTH_ISSUER: origin
            }
          }
        )
        const said = yield* eventually(
          Effect.sync(() => running.said.out + running.said.err),
          (text) => text.includes(`"message":"ready"`),
          1_000
        )
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)![0]
        const events = eventsOf(yield* ask(url, token, { message: "Hello" }))
        assert.include(JSON.stringify(events.at(-1)), "From the package")
      }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )
})
