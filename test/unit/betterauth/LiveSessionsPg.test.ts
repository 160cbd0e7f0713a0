import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { layouts, peopleOf } from "../../support/postgres/BetterAuthLayouts.ts"
import {
  betterAuth,
  captureStatements,
  execIn,
  schemaWith,
  SharedDatabase
} from "../../support/postgres/SharedDatabase.ts"

const lookups = (texts: ReadonlyArray<string>) =>
  texts.filter((text) => text.includes("json_to_recordset"))

layer(SharedDatabase, { excludeTestServices: true })("LiveSessions", (it) => {
  it.effect.each(layouts)(
    "A10: says who is signed in, and with which session, with $name",
    (layout) =>
      Effect.gen(function* () {
        const { ada, grace, graces, last, over, soon } = layout
        const { isLive } = yield* betterAuth(
          yield* schemaWith(`${layout.ddl}; ${peopleOf(layout)}`)
        )
        for (const [user, session, expected] of [
          [ada, undefined, true],
          [ada, last, true],
          [ada, soon, true],
          [ada, over, false],
          [ada, graces, false],
          [ada, "no-such-session", false],
          [ada, "", false],
          [grace, undefined, true],
          [grace, graces, true],
          [grace, last, false]
        ] as const) {
          assert.strictEqual(yield* isLive(user, session), expected, `${user} ${session}`)
        }
        // Texts that are no id of this type, or of nobody: they must not spoil the others' answer.
        const odd = ["", "ghost", "0", "-1", "9".repeat(30), "1.5", `');drop"table`, `${ada} `]
        const asked = yield* Effect.forEach([...odd, ada], (user) => isLive(user), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(asked, [...odd.map(() => false), true])
      })
  )

  it.effect("A10: says no from the moment a session ends, or a user is banned or deleted", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(
        `${betterAuthTables} ${people} alter table "user" add column "banned" boolean, add column "banExpires" timestamptz`
      )
      const { isLive } = yield* betterAuth(schema)
      for (const [sql, expected] of [
        [`select 1`, true],
        [`update "user" set "banned" = true`, false],
        [`update "user" set "banExpires" = now() + interval '1 day'`, false],
        [`update "user" set "banExpires" = now() - interval '1 day'`, true],
        [`update "session" set "expiresAt" = now()`, false],
        [`update "session" set "expiresAt" = now() + interval '1 day'`, true],
        [`update "session" set "id" = 'another' where "userId" = 'ada'`, false]
      ] as const) {
        yield* execIn(schema, sql)
        assert.strictEqual(yield* isLive("ada", "ada-session"), expected, sql)
      }
      assert.isTrue(yield* isLive("ada"))
      yield* execIn(schema, `delete from "user" where "id" = 'ada'`)
      assert.isFalse(yield* isLive("ada"))
      assert.isFalse(yield* isLive("asleep", "no-session"))
    })
  )

  it.effect("A10: asks for many with one statement, each in time anew, with no value in it", () => {
    const texts: Array<string> = []
    return Effect.gen(function* () {
      const { isLive } = yield* betterAuth(yield* schemaWith(betterAuthTables + people))
      const ask = Effect.forEach(["ada", "ghost", "grace"], (user) => isLive(user), {
        concurrency: "unbounded"
      })
      for (const count of [1, 2]) {
        assert.deepStrictEqual(yield* ask, [true, false, true])
        assert.lengthOf(lookups(texts), count)
      }
      assert.notInclude(texts.join(), "ghost")
    }).pipe(captureStatements(texts))
  })

  it.effect("A10: compares ids as they are stored, so that their index finds them", () =>
    Effect.gen(function* () {
      for (const type of ["text", "varchar(36)", "smallint", "integer", "bigint", "uuid"]) {
        const texts: Array<string> = []
        const schema = yield* schemaWith(`
          create table "user" (id ${type}, email text);
          create table "session" (id text, "userId" ${type}, token text, "expiresAt" timestamptz)`)
        const { isLive } = yield* betterAuth(schema)
        yield* captureStatements(texts)(isLive("1"))
        const [statement = ""] = lookups(texts)
        assert.match(statement, /where u\."id" = q\.uid/, type)
        assert.include(statement, `s."userId" = u.id`, type)
      }
    })
  )

  it.effect("A10: fails with an outage, and says nothing of the user, without its tables", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(betterAuthTables + people)
      const { isLive } = yield* betterAuth(schema)
      assert.isTrue(yield* isLive("ada"))
      yield* execIn(schema, `alter table "session" rename to "elsewhere"`)
      const error = yield* Effect.flip(isLive("ada"))
      assert.instanceOf(error, DbUnavailable)
    })
  )
})
