import { assert } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Schema } from "effect"
import { freshDatabase } from "../faults/ServerBehindProxy.ts"
import { TestDatabase } from "../Database.ts"
import { type Answer, ask, askUntil, eventsOf } from "../Client.ts"
import { start } from "../Server.ts"
import { pluginClaims, sign } from "../Tokens.ts"

/** The two who are signed in. */
export const persons = ["ada", "grace"] as const
export type Person = (typeof persons)[number]

/** An answer that never comes is a failure like any other. */
const inTime = (answer: Effect.Effect<Answer>) => Effect.orDie(Effect.timeout(answer, "20 seconds"))

/**
 * The real program on a database of its own. A property that fails prints its `Replay`, which
 * `arbitrary: { replay }` takes in the place of `runs`. Each bounds its shrinking, which would
 * otherwise take longer than the test may.
 */
export class PropertyServer extends Context.Service<
  PropertyServer,
  {
    readonly url: string
    readonly logs: Array<string>
    readonly tokens: Readonly<Record<Person, string>>
    readonly ask: (person: Person, body: unknown) => Effect.Effect<Answer>
    /** Hangs up as soon as the words were heard, or when the answer is over. */
    readonly askUntil: (person: Person, body: unknown, words: string) => Effect.Effect<Answer>
    readonly exec: TestDatabase["Service"]["exec"]
    /** Threads and attachments are gone, and so is what was logged. */
    readonly clear: Effect.Effect<void>
  }
>()("test/properties/PropertyServer") {
  static readonly layer = Layer.effect(
    PropertyServer,
    Effect.gen(function* () {
      const { database, key } = yield* freshDatabase
      const { logs, url } = yield* start(database.client)
      const tokenOf = (person: Person) => Effect.promise(() => sign(key, pluginClaims(person)))
      const tokens = yield* Effect.all({ ada: tokenOf("ada"), grace: tokenOf("grace") })
      const first = yield* ask(url, tokens.ada)
      assert.strictEqual(first.status, 200, first.body)
      return {
        url,
        logs,
        tokens,
        ask: (person, body) => inTime(ask(url, tokens[person], body)),
        askUntil: (person, body, words) => inTime(askUntil(url, tokens[person], body, words)),
        exec: database.exec,
        clear: Effect.andThen(
          database.exec("delete from chatkit.attachments; delete from chatkit.threads"),
          Effect.sync(() => void logs.splice(0))
        )
      }
    })
  ).pipe(Layer.provide(TestDatabase.layer))
}

export const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

export const listOf = <A>(
  element: Schema.Codec<A, unknown>,
  minLength: number,
  maxLength: number
) => Arbitrary.array(Arbitrary.schema(element), { minLength, maxLength })

/** An id of the right shape that nobody was given. */
export const madeUp = (prefix: string) => `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`

/** One of a list, whatever the number; the list may be empty. */
export const pick = <A>(list: ReadonlyArray<A>, n: number): A | undefined => list[n % list.length]

/** Of a log, the lines that no client may cause. */
export const defectsIn = (logs: ReadonlyArray<string>) =>
  logs.filter((line) => /"level":"(ERROR|FATAL)"/i.test(line))

/** Decodes a JSON body, or events that are JSON each. */
export const decoded = (answer: Answer): ReadonlyArray<Record<string, unknown>> => {
  if (answer.headers["content-type"]?.startsWith("text/event-stream") !== true) {
    return [JSON.parse(answer.body)]
  }
  assert.match(answer.body, /^(data: [^\n]+\n\n|: keep-alive\n\n)*$/)
  return eventsOf(answer)
}
