import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chat, modelServer, says } from "../support/ModelServer.ts"
import { ask, eventsOf } from "../support/Client.ts"
import {
  cloneWithDatabase,
  demoToken,
  freshClone,
  linesOf,
  outcomeOf,
  ready,
  startIn,
  runner
} from "../support/Processes.ts"

const folder = join(dirname(runner), "../test/support/responders")

/** The last text that a server started like this says to ada. */
const answerOf = Effect.fnUntraced(function* (env: Record<string, string>) {
  const directory = yield* cloneWithDatabase
  const { running, url } = yield* startIn(directory, env)
  yield* ready(url)
  const token = yield* demoToken(directory, "ada")
  const events = eventsOf(yield* ask(url, token, { message: "Hello" }))
  return { banner: linesOf(running.said.out).join("\n"), said: JSON.stringify(events.at(-1)) }
})

describe("npm start with answers of one's own", () => {
  it.live("answers from the module that RESPONDER names, and says so", () =>
    Effect.gen(function* () {
      const RESPONDER = join(folder, "Polite.ts")
      const { banner, said } = yield* answerOf({ RESPONDER })
      assert.include(banner, `Answers: ${RESPONDER}.`)
      assert.match(said, /Hello Ada.*, nice to meet you/)
    }).pipe(Effect.scoped)
  )

  it.live("offers the module the database", () =>
    Effect.gen(function* () {
      const { said } = yield* answerOf({ RESPONDER: join(folder, "AsksDatabase.ts") })
      assert.include(said, "The sum is 42")
    }).pipe(Effect.scoped)
  )

  it.live("answers from MODEL alone, and offers a module the same model", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* modelServer(says(...chat.text("Ahoy")))
      const env = { MODEL: "the-model", MODEL_URL: url, TITLE_MODEL: "off" }
      const alone = yield* answerOf(env)
      assert.include(alone.said, "Ahoy")
      assert.include(alone.banner, `Answers: the model the-model at ${url} (chat).`)
      const { said } = yield* answerOf({ ...env, RESPONDER: join(folder, "AsksModel.ts") })
      assert.include(said, "Ahoy")
      assert.include(JSON.stringify(calls[1]?.body), "Be a pirate")
    }).pipe(Effect.scoped)
  )

  it.live("ends with one sentence when the module cannot answer", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const { code, err } = yield* outcomeOf(directory, "start", [], {
        RESPONDER: join(folder, "NoDefault.ts"),
        PORT: "0"
      })
      assert.strictEqual(code, 1)
      assert.match(err.trim(), /^RESPONDER: .*NoDefault\.ts has no default export/)
      assert.lengthOf(linesOf(err), 1)
    }).pipe(Effect.scoped)
  )
})
