import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { notAuthenticated } from "../../src/http/Refusals.ts"
import { authenticate, authenticatorOn } from "../support/auth/AuthenticatorOn.ts"
import { betterAuthTables } from "../support/BetterAuthSchema.ts"
import { keysOf } from "../support/Doubles.ts"
import { inMinutes, type Layout, layouts } from "../support/postgres/BetterAuthLayouts.ts"
import {
  betterAuth,
  execIn,
  schemaWith,
  SharedDatabase
} from "../support/postgres/SharedDatabase.ts"
import { makeKey, pluginClaims, sign } from "../support/Tokens.ts"

const key = await makeKey()

/** Ada has a live session and one that has ended; Grace has a live one and is banned. */
const peopleOf = (layout: Layout) => {
  const { ada, expiry, grace, graces, last, over, owner, session, user } = layout
  return `
    alter table ${user} add column if not exists banned boolean;
    insert into ${user} (id, name, email, banned) values
      ('${ada}', 'Ada', 'ada@example.com', null), ('${grace}', 'Grace', 'grace@example.com', true);
    insert into ${session} (id, ${owner}, token, ${expiry}) values
      ('${last}', '${ada}', 'last', ${inMinutes(layout, 90)}),
      ('${over}', '${ada}', 'over', ${inMinutes(layout, -20)}),
      ('${graces}', '${grace}', 'graces', ${inMinutes(layout, 90)})`
}

/** The status that the server answers to a token on these tables, and for whom or why. */
const answered = Effect.fnUntraced(function* (
  { identities }: Effect.Success<ReturnType<typeof betterAuth>>,
  person: string,
  id: string,
  sid?: string
) {
  const claims = pluginClaims(person, { id, sub: id, ...(sid === undefined ? {} : { sid }) })
  const token = yield* Effect.promise(() => sign(key, claims))
  return yield* authenticate(`Bearer ${token}`).pipe(
    Effect.provide(authenticatorOn({ identities, keys: keysOf(key) })),
    Effect.match({
      onSuccess: ({ sessionId, userId }) => [200, userId, sessionId],
      onFailure: (error) => [
        notAuthenticated(error).status,
        error._tag === "InvalidToken" ? error.reason : error._tag
      ]
    })
  )
})

layer(SharedDatabase, { excludeTestServices: true })("people in Better Auth's tables", (it) => {
  it.effect.each(layouts)("are told apart with $name", (layout) =>
    Effect.gen(function* () {
      const { ada, grace, graces, last, over, session, user } = layout
      const schema = yield* schemaWith(`${layout.ddl}; ${peopleOf(layout)}`)
      const readers = yield* betterAuth(schema)
      assert.deepStrictEqual(yield* readers.tables.check, [])

      const accepted = [200, ada, last]
      assert.deepStrictEqual(yield* answered(readers, "ada", ada), accepted)
      assert.deepStrictEqual(yield* answered(readers, "ada", ada, last), accepted)
      const signedOut = [404, "NoActiveSession"]
      assert.deepStrictEqual(yield* answered(readers, "ada", ada, over), signedOut)
      assert.deepStrictEqual(yield* answered(readers, "grace", grace), [401, "banned"])
      assert.deepStrictEqual(yield* answered(readers, "grace", grace, graces), [401, "banned"])

      yield* execIn(schema, `delete from ${session} where id = '${last}'`)
      assert.deepStrictEqual(yield* answered(readers, "ada", ada), signedOut)
      yield* execIn(schema, `delete from ${session}; delete from ${user}`)
      for (const [person, id] of [
        ["ada", ada],
        ["grace", grace]
      ] as const) {
        assert.deepStrictEqual(yield* answered(readers, person, id), [404, "UserNotFound"])
      }
    })
  )

  const sessions = `create table "session" (id text, token text, "userId" text, "expiresAt" timestamptz)`
  const users = `create table "user" (id text, email text, "emailVerified" boolean)`

  it.effect.each([
    ["no tables at all", "", "user"],
    ["names with a prefix and no views", `create table "pg-drizzle_user" (id text)`, "user"],
    ["sessions in another storage", users, "session"],
    [
      "a view of the users and none of the sessions",
      `${users}; create view users as select * from "user"`,
      "session"
    ],
    [
      "the sessions of an older library",
      `${users}; create table sessions (id text, "sessionToken" text, "userId" text, expires timestamptz)`,
      "sessions"
    ],
    [
      "users of the application only",
      `${sessions}; create table "user" (id text, mail text)`,
      "user"
    ],
    [
      "two tables of users, equally good",
      `${sessions}; create table "User" (id text, email text); create table "Users" (id text, email text)`,
      "User"
    ],
    [
      "a column renamed by a later migration",
      `${betterAuthTables}; alter table "session" rename "userId" to owner`,
      "session"
    ]
  ] as const)("make the server not ready, and the table is named: %s", ([, ddl, table]) =>
    Effect.gen(function* () {
      const readers = yield* betterAuth(yield* schemaWith(ddl))
      const problems = yield* readers.tables.check
      assert.include(problems.join("\n"), `"${table}"`)
      assert.deepStrictEqual(yield* answered(readers, "ada", "ada"), [503, "DbUnavailable"])
    })
  )
})
