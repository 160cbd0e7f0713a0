import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import {
  betterAuth,
  captureStatements,
  execIn,
  roleOf,
  schemaWith,
  SharedDatabase,
  unique
} from "../../support/postgres/SharedDatabase.ts"

const ada = { email: "ada@example.com" }

const problemsWith = Effect.fnUntraced(function* (ddl: string, keysNeeded = false) {
  const schema = yield* schemaWith(ddl)
  const { find, tables } = yield* betterAuth(schema, { keysNeeded })
  const problems = yield* tables.check
  const failed = yield* Effect.isFailure(find(ada))
  return { schema, problems, failed }
})

// On the test clock: a second passes when the test says so.
layer(SharedDatabase)("BetterAuthTables", (it) => {
  it.effect("names each table that is missing and what to run", () =>
    Effect.gen(function* () {
      const { failed, problems, schema } = yield* problemsWith("", true)
      assert.isTrue(failed)
      assert.lengthOf(problems, 3)
      for (const [i, table] of ["user", "session", "jwks"].entries()) {
        assert.include(problems[i]!, `table "${table}" is not in schema "${schema}"`)
        assert.include(problems[i]!, "npx auth@latest migrate")
      }
      assert.include(problems[0]!, "BETTER_AUTH_SCHEMA")
      assert.include(problems[1]!, "session.storeSessionInDatabase")
      assert.include(problems[2]!, "jwt()")
    })
  )

  it.effect("names each column that is missing", () =>
    Effect.gen(function* () {
      const { failed, problems, schema } = yield* problemsWith(`
        create table "user" (mail text);
        create table "session" (id text, token text);
        create table "jwks" (id text)`)
      assert.isTrue(failed)
      assert.lengthOf(problems, 3)
      assert.include(problems[0]!, `table "user" in schema "${schema}" lacks id, email,`)
      assert.include(problems[1]!, `table "session" in schema "${schema}" lacks userId, expiresAt,`)
      assert.include(problems[2]!, `table "jwks" in schema "${schema}" lacks publicKey,`)
    })
  )

  it.effect("does without the keys' table unless keys are needed", () =>
    Effect.gen(function* () {
      const tables = `${betterAuthTables}; drop table "jwks"; ${people}`
      const without = yield* problemsWith(tables)
      assert.deepEqual([without.problems, without.failed], [[], false])
      const needed = yield* problemsWith(tables, true)
      assert.deepEqual([needed.problems.length, needed.failed], [1, false])
    })
  )

  it.effect("looks in its own schema only", () =>
    Effect.gen(function* () {
      yield* schemaWith(betterAuthTables + people)
      assert.lengthOf((yield* problemsWith(`create table "user" (id text)`)).problems, 2)
    })
  )

  it.effect("reads a schema whose name needs quotes, and views", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const base = yield* schemaWith(betterAuthTables + people)
      const name = unique(`Auth "x' `)
      const quoted = `"${name.replaceAll('"', '""')}"`
      yield* exec(`create schema ${quoted};
        create view ${quoted}."user" as select * from "${base}"."user";
        create view ${quoted}.sessions as select id, "userId" as user_id, token,
          "expiresAt" as expires_at from "${base}"."session"`)
      const { find, tables } = yield* betterAuth(name)
      assert.deepEqual(yield* tables.check, [])
      assert.strictEqual((yield* find(ada))?.sessionId, "ada-session")
    })
  )

  it.effect("takes the table that has the columns when there are two", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(`
        create table "user" (id text, note text);
        create table users (id text, email text, dropped text);
        alter table users drop column dropped;
        create table session (id text, user_id text, expires_at timestamptz, token text);
        create table sessions (id text, user_id text, expires_at timestamptz, token text);
        insert into users values ('ada', 'ada@example.com');
        insert into session values ('ada-session', 'ada', now() + interval '1 day', 'right');
        insert into sessions values ('other', 'ada', now() + interval '2 days', 'wrong')`)
      const { find, tables } = yield* betterAuth(schema)
      assert.deepEqual(yield* tables.check, [])
      assert.strictEqual((yield* find(ada))?.sessionId, "ada-session")
    })
  )

  const own = `create table "User" (id text, email text, name text);
    insert into "User" values ('own', 'ada@example.com', 'Ada')`

  it.effect("A1: takes the exact name beside a table of the app's own", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(`${betterAuthTables} ${people} ${own}`)
      const { find, tables } = yield* betterAuth(schema)
      assert.deepEqual(yield* tables.check, [])
      assert.strictEqual((yield* find(ada))?.userId, "ada")
    })
  )

  it.effect("A1: takes the exact name, however well another fits", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(`
        create table "user" (id text, email text);
        insert into "user" values ('ada', 'ada@example.com');
        create table users (id text, email text, email_verified boolean);
        create table sessions (id text, user_id text, expires_at timestamptz, token text)`)
      const { find, tables } = yield* betterAuth(schema)
      assert.deepEqual(yield* tables.check, [])
      assert.strictEqual((yield* find(ada))?.userId, "ada")
    })
  )

  it.effect("A1: takes the tables that belong together, and says so where two are as good", () =>
    Effect.gen(function* () {
      const sessions = `create table sessions
        (id text, user_id text, expires_at timestamptz, token text, created_at timestamptz)`
      const schema = yield* schemaWith(`${own}; ${sessions};
        create table users (id text, email text, email_verified boolean);
        insert into users values ('ada', 'ada@example.com', true);
        insert into sessions values ('s', 'ada', now() + interval '1 day', 't', now())`)
      const { find, tables } = yield* betterAuth(schema)
      assert.deepEqual(yield* tables.check, [])
      assert.strictEqual((yield* find(ada))?.userId, "ada")
      // Where no column tells them apart, the spelling of the sessions' table does.
      for (const [sessions, user] of [
        ["sessions", "users"],
        ["SESSIONS", "USERS"],
        ["SESSION", "USER"]
      ] as const) {
        const others = ["users", "USERS", "USER"].filter((name) => name !== user)
        const alike = yield* schemaWith(`
          create table "${sessions}" (id text, user_id text, expires_at timestamptz, token text);
          ${others.map((name) => `create table "${name}" (id text, email text);`).join("")}
          create table "${user}" (id text, email text);
          insert into "${user}" values ('ada', 'ada@example.com')`)
        const { find } = yield* betterAuth(alike)
        assert.strictEqual((yield* find(ada))?.userId, "ada", `${sessions} ${user}`)
      }
      const twins = yield* problemsWith(`${sessions};
        create table "User" (id text, email text); create table "Users" (id text, email text)`)
      assert.isTrue(twins.failed)
      assert.match(twins.problems.join(), /tables "Users?" and "Users?" in schema .* may both be/)
    })
  )

  it.effect("A2: says in which schema it saw the tables, and what to do about other names", () =>
    Effect.gen(function* () {
      const seen = yield* schemaWith(betterAuthTables, unique("b_second"))
      // A type, not a table.
      yield* schemaWith(`create type "user" as ("emailVerified" boolean)`, unique("a_first"))
      const { problems } = yield* problemsWith(`create table "pg-drizzle_user" (id text)`)
      assert.match(problems[0]!, /seen in schema "(?!a_first).+": set BETTER_AUTH_SCHEMA=.+, or/)
      assert.include(problems[0]!, `create views "user", "session" and "jwks"`)
      assert.isString(seen)
    })
  )

  it.effect.skipIf(!onRealServer)("A3: is not ready where row level security hides the rows", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const { client, role } = yield* roleOf
      const schema = yield* schemaWith(`${betterAuthTables} ${people}
        alter table "user" enable row level security`)
      yield* exec(`grant usage on schema "${schema}" to ${role};
        grant select on all tables in schema "${schema}" to ${role}`)
      const hidden = yield* betterAuth(schema, { client })
      const [problem] = yield* hidden.tables.check
      assert.match(String(problem), /row level security hides every row of table "user"/)
      assert.match(String(problem), /create policy/)
      yield* exec(`create policy p on "${schema}"."user" for select to ${role} using (true)`)
      const shown = yield* betterAuth(schema, { client })
      assert.deepEqual(yield* shown.tables.check, [])
      assert.strictEqual((yield* shown.find(ada))?.userId, "ada")
    })
  )

  it.effect(
    "looks again each time while incomplete, once for all who ask, and once a minute when complete",
    () =>
      Effect.gen(function* () {
        const schema = yield* schemaWith(`create table "user" (id text)`)
        const { find, tables } = yield* betterAuth(schema)
        const texts: Array<string> = []
        const looks = Effect.fnUntraced(function* (expected: number) {
          texts.length = 0
          yield* Effect.all(
            Array.from({ length: 10 }, () => Effect.exit(tables.layout)),
            { concurrency: "unbounded" }
          ).pipe(captureStatements(texts))
          assert.lengthOf(texts, expected)
        })
        yield* looks(1)
        const refused = yield* Effect.flip(find(ada))
        assert.strictEqual(refused._tag, "DbUnavailable")
        yield* execIn(schema, `drop table "user"; ${betterAuthTables} ${people}`)
        yield* looks(1)
        yield* looks(0)
        assert.deepEqual(yield* tables.check, [])
        assert.strictEqual((yield* find(ada))?.userId, "ada")
        yield* TestClock.adjust(59_999)
        yield* looks(0)
        yield* TestClock.adjust(1)
        yield* looks(1)
        yield* looks(0)
      })
  )

  it.effect("finds a table again that was renamed or retyped while we run", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(betterAuthTables + people)
      const { find } = yield* betterAuth(schema)
      assert.strictEqual((yield* find(ada))?.userId, "ada")
      for (const change of [
        `alter table "user" rename to users`,
        `alter table "session" rename column "userId" to user_id`,
        `alter table "session" drop constraint "session_userId_fkey";
          alter table users alter id type varchar(36), alter email type varchar(255)`
      ]) {
        yield* execIn(schema, change)
        // The first to meet the change may be refused, but not with a verdict.
        yield* Effect.exit(find(ada))
        assert.strictEqual((yield* find(ada))?.userId, "ada", change)
      }
      yield* execIn(schema, `drop table "session"`)
      assert.strictEqual((yield* Effect.flip(find(ada)))._tag, "DbUnavailable")
      assert.strictEqual((yield* Effect.flip(find(ada)))._tag, "DbUnavailable")
    })
  )

  it.effect("tells the log what is missing, but not without end", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const { tables } = yield* betterAuth(yield* schemaWith(`create table "user" (id text)`))
        for (let i = 0; i < 50; i++) {
          yield* tables.check
          yield* TestClock.adjust("1 second")
        }
      }).pipe(Effect.provide(captureLogs(lines)))
      assert.lengthOf(lines, 6)
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      assert.isTrue(entries.every(({ level }) => level === "ERROR"))
      assert.include(JSON.stringify(entries[0]), "lacks email")
      assert.include(JSON.stringify(entries[1]), `table \\"session\\" is not in schema`)
    })
  )
})
