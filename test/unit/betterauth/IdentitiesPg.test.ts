import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import { inMinutes, layouts, peopleOf } from "../../support/postgres/BetterAuthLayouts.ts"
import {
  betterAuth,
  execIn,
  schemaWith,
  SharedDatabase
} from "../../support/postgres/SharedDatabase.ts"

const live = { excludeTestServices: true }

layer(SharedDatabase, live)("Identities", (it) => {
  it.effect.each(layouts)("finds people and their sessions with $name", (layout) =>
    Effect.gen(function* () {
      const { ada, grace, graces, last, over, soon } = layout
      const { find } = yield* betterAuth(yield* schemaWith(`${layout.ddl}; ${peopleOf(layout)}`))
      const email = "ada@example.com"
      const identity = {
        userId: ada,
        email,
        name: "Ada",
        banned: false
      }

      assert.deepEqual<unknown>(yield* find({ email }), { ...identity, sessionId: last })
      for (const [question, sessionId] of [
        [{ email, sessionId: soon }, soon],
        [{ email, sessionToken: `${soon}-token` }, soon],
        [{ email, sessionId: soon, sessionToken: `${soon}-token` }, soon],
        [{ sessionToken: `${soon}-token` }, soon],
        // Nothing else will do when the session that is named has ended, is unknown or another's.
        [{ email, sessionId: over }, undefined],
        [{ email, sessionToken: `${over}-token` }, undefined],
        [{ sessionToken: `${over}-token` }, undefined],
        [{ email, sessionId: last, sessionToken: `${soon}-token` }, undefined],
        [{ email, sessionId: graces }, undefined],
        [{ email, sessionToken: `${graces}-token` }, undefined],
        [{ email, sessionId: "no-such-session" }, undefined],
        [{ email, sessionId: `');drop"table` }, undefined],
        [{ email, sessionToken: "no-such-token" }, undefined],
        [{ email, sessionToken: soon }, undefined]
      ] as const) {
        assert.deepEqual<unknown>(
          yield* find(question),
          { ...identity, sessionId },
          JSON.stringify(question)
        )
      }

      const other = yield* find({ sessionToken: `${graces}-token` })
      assert.deepEqual<unknown>([other?.userId, other?.sessionId], [grace, graces])
      assert.isUndefined(yield* find({ email: "ghost@example.com" }))
      assert.isUndefined(yield* find({ email: "ghost@example.com", sessionId: graces }))
      assert.isUndefined(yield* find({ email: "ghost@example.com", sessionToken: `${soon}-token` }))
      assert.isUndefined(yield* find({ sessionToken: "no-such-token" }))
      assert.isUndefined(yield* find({}))
    })
  )

  it.effect("takes null in hand-made tables for no user, no address and no name", () =>
    Effect.gen(function* () {
      const { find } = yield* betterAuth(
        yield* schemaWith(`
          create table "user" (id text, email text, name text);
          create table session (id text, "userId" text, token text, "expiresAt" timestamptz);
          insert into "user" values (null, 'nobody@example.com', 'Nobody'), ('ada', null, null);
          insert into session values ('one', 'ada', 'token', now() + interval '1 day')`)
      )
      assert.isUndefined(yield* find({ email: "nobody@example.com" }))
      assert.deepEqual<unknown>(yield* find({ sessionToken: "token" }), {
        userId: "ada",
        email: "",
        name: "",
        banned: false,
        sessionId: "one"
      })
    })
  )

  for (const zone of ["America/New_York", "Asia/Karachi"]) {
    for (const layout of [layouts[0]!, layouts[5]!]) {
      it.effect(`tells live sessions from ended ones in ${zone} with ${layout.name}`, () =>
        Effect.gen(function* () {
          const { client, exec } = yield* TestDatabase
          const schema = yield* schemaWith(`${layout.ddl}; ${peopleOf(layout)}`)
          // The first for new connections of a server, the second for the embedded one.
          yield* Effect.acquireRelease(
            exec(`do $$ begin
                execute format('alter database %I set timezone to ''${zone}''', current_database());
              end $$; set timezone to '${zone}'`),
            () =>
              exec(`do $$ begin
                  execute format('alter database %I reset timezone', current_database());
                end $$; reset timezone`)
          )
          const { find } = yield* betterAuth(schema, onRealServer ? { client } : {})
          const email = "ada@example.com"
          assert.strictEqual((yield* find({ email }))?.sessionId, layout.last)
          assert.strictEqual(
            (yield* find({ email, sessionId: layout.soon }))?.sessionId,
            layout.soon
          )
          assert.isUndefined((yield* find({ email, sessionId: layout.over }))?.sessionId)
        })
      )
    }
  }

  it.effect("takes the exact address first, then its ASCII lower case, and nothing looser", () =>
    Effect.gen(function* () {
      const emails = {
        lower: "case@example.com",
        exact: "Case@Example.com",
        shouted: "LOUD@EXAMPLE.COM",
        kelvin: "kate@example.com",
        dotted: "i@example.com",
        umlaut: "\u00fcmit@example.com",
        plain: "plus@example.com"
      }
      const rows = Object.entries(emails).map(([id, email]) => `('${id}', '', '${email}', true)`)
      const { find } = yield* betterAuth(
        yield* schemaWith(
          `${betterAuthTables} insert into "user" (id, name, email, "emailVerified") values ${rows.join()}`
        )
      )
      const found = {
        "Case@Example.com": "exact",
        "case@example.com": "lower",
        "CASE@example.com": "lower",
        "cAsE@eXample.COM": "lower",
        "LOUD@EXAMPLE.COM": "shouted",
        "loud@example.com": undefined,
        "\u212aate@example.com": undefined,
        "Kate@example.com": "kelvin",
        "\u0130@example.com": undefined,
        "I@example.com": "dotted",
        "\u00dcMIT@example.com": undefined,
        "u\u0308mit@example.com": undefined,
        "\u00fcMIT@example.com": "umlaut",
        "plus@example.com ": undefined,
        " plus@example.com": undefined,
        "plus+tag@example.com": undefined,
        "p.lus@example.com": undefined,
        "plus@example.com.": undefined,
        "plus_example.com": undefined,
        "%@example.com": undefined,
        "plus@example.com'--": undefined,
        "": undefined
      }
      for (const [email, id] of Object.entries(found)) {
        assert.strictEqual<string | undefined>((yield* find({ email }))?.userId, id, email)
      }
      assert.strictEqual((yield* find({ email: "CASE@example.com" }))?.email, "case@example.com")
    })
  )

  it.effect("knows a ban that is not over, whatever types its columns have", () =>
    Effect.gen(function* () {
      const bannedIn = Effect.fnUntraced(function* (columns: string, values: string) {
        const schema = yield* schemaWith(
          betterAuthTables + people + `alter table "user" ${columns}; update "user" set ${values}`
        )
        return (yield* (yield* betterAuth(schema)).find({ email: "ada@example.com" }))?.banned
      })
      const soon = inMinutes({ zoned: true }, 5)
      const past = inMinutes({ zoned: true }, -5)
      const plain = "add banned boolean"
      const timed = `${plain}, add "banExpires" timestamptz`
      const snake = `${plain}, add ban_expires timestamp`
      const cases: ReadonlyArray<readonly [string, string, boolean]> = [
        [plain, "banned = true", true],
        [plain, "banned = false", false],
        [plain, "banned = null", false],
        [timed, `banned = true, "banExpires" = null`, true],
        [timed, `banned = true, "banExpires" = ${soon}`, true],
        [timed, `banned = true, "banExpires" = ${past}`, false],
        [timed, `banned = false, "banExpires" = ${soon}`, false],
        [snake, `banned = true, ban_expires = ${inMinutes({ zoned: false }, 5)}`, true],
        [snake, `banned = true, ban_expires = ${inMinutes({ zoned: false }, -5)}`, false],
        ["add banned integer", "banned = 1", true],
        ["add banned integer", "banned = 0", false],
        ["add banned text", "banned = 'true'", true]
      ]
      for (const [columns, values, banned] of cases) {
        assert.strictEqual(yield* bannedIn(columns, values), banned, `${columns}: ${values}`)
      }
    })
  )

  it.effect("sees sign-out, expiry, a ban and deletion on the very next lookup", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(
        betterAuthTables + people + `alter table "user" add banned boolean`
      )
      const { find } = yield* betterAuth(schema)
      const ada = find({ email: "ada@example.com" })
      const grace = find({ sessionToken: "grace-session-token-of-32-letter" })
      assert.strictEqual((yield* ada)?.sessionId, "ada-session")
      assert.strictEqual((yield* grace)?.sessionId, "grace-session")

      yield* execIn(schema, `delete from "session" where id = 'ada-session'`)
      assert.isUndefined((yield* ada)?.sessionId)
      assert.strictEqual((yield* ada)?.userId, "ada")

      yield* execIn(schema, `update "user" set banned = true where id = 'ada'`)
      assert.isTrue((yield* ada)?.banned)

      yield* execIn(schema, `delete from "user" where id = 'ada'`)
      assert.isUndefined(yield* ada)

      yield* execIn(schema, `update "session" set "expiresAt" = now() where id = 'grace-session'`)
      assert.strictEqual((yield* grace)?.userId, "grace")
      assert.isUndefined((yield* grace)?.sessionId)

      yield* execIn(schema, `delete from "session"`)
      assert.isUndefined(yield* grace)
    })
  )
})
