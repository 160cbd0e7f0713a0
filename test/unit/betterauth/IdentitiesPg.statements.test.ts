import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { sqlstateOf } from "../../../src/postgres/SqlFailures.ts"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import {
  betterAuth,
  captureStatements,
  execIn,
  roleOf,
  schemaWith,
  SharedDatabase
} from "../../support/postgres/SharedDatabase.ts"

const crowd = `
  insert into "user" (id, name, email, "emailVerified")
    select 'u' || i, 'User ' || i, 'u' || i || '@example.com', true from generate_series(1, 20000) i;
  insert into "session" (id, "userId", token, "expiresAt")
    select 's' || i, 'u' || i, 't' || i, now() + interval '1 day' from generate_series(1, 20000) i;
  insert into "session" (id, "userId", token, "expiresAt")
    select 'many' || i, 'u1', 'many-t' || i, now() + i * interval '1 minute'
    from generate_series(1, 10000) i;
  analyze "user"; analyze "session"`

const connectionLost = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("gone"), operation: "query" })
})

/** Everything the plan of a statement does, one node type and table each. */
const nodesOf = (plan: unknown): ReadonlyArray<string> => {
  if (Array.isArray(plan)) return plan.flatMap(nodesOf)
  if (typeof plan !== "object" || plan === null) return []
  const { "Node Type": type, "Relation Name": relation } = plan as Record<string, unknown>
  const here = typeof relation === "string" ? [`${String(type)} on ${relation}`] : []
  return [...here, ...Object.values(plan).flatMap(nodesOf)]
}

layer(SharedDatabase, { excludeTestServices: true })("Identities, by the statement", (it) => {
  it.effect("answers a lookup with one statement that sends no value in its text", () =>
    Effect.gen(function* () {
      const { find } = yield* betterAuth(yield* schemaWith(betterAuthTables + people))
      const questions = [
        { email: "ada@example.com" },
        { email: "ada@example.com", sessionId: "ada-session" },
        { email: "nobody@example.com" },
        { sessionToken: "ada-session-token-of-32-letters0" }
      ]
      yield* find(questions[0]!)
      for (const question of questions) {
        const texts: Array<string> = []
        yield* captureStatements(texts)(find(question))
        assert.lengthOf(texts, 1)
        assert.notMatch(texts[0]!, /example\.com|ada-session/)
      }
    })
  )

  it.effect("answers 500 people at once in few statements, each with their own identity", () =>
    Effect.gen(function* () {
      const { find } = yield* betterAuth(yield* schemaWith(betterAuthTables + crowd))
      yield* find({})
      const texts: Array<string> = []
      const people = Array.from({ length: 500 }, (_, i) => i + 2)
      const found = yield* Effect.forEach(
        people,
        (i) =>
          i % 5 === 0
            ? find({ email: `nobody${i}@example.com` })
            : find(i % 2 === 0 ? { email: `U${i}@example.com` } : { sessionToken: `t${i}` }),
        { concurrency: "unbounded" }
      ).pipe(captureStatements(texts))
      assert.deepStrictEqual<unknown>(
        found.map((identity) => identity && [identity.userId, identity.sessionId]),
        people.map((i) => (i % 5 === 0 ? undefined : [`u${i}`, `s${i}`]))
      )
      assert.isAtMost(texts.length, 5)
    })
  )

  it.effect("answers the remaining callers when others leave a shared statement", () =>
    Effect.gen(function* () {
      const { find } = yield* betterAuth(yield* schemaWith(betterAuthTables + people))
      yield* find({})
      const ask = Effect.forkChild(find({ email: "grace@example.com" }), { startImmediately: true })
      const fibers = yield* Effect.all(Array.from({ length: 20 }, () => ask))
      yield* Fiber.interruptAll(fibers.filter((_, i) => i % 2 === 0))
      const stayed = yield* Fiber.joinAll(fibers.filter((_, i) => i % 2 === 1))
      assert.deepStrictEqual(
        stayed.map((identity) => identity?.userId as string),
        stayed.map(() => "grace")
      )
    })
  )

  it.effect("takes the last of 10,000 sessions, without reading a whole table", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const schema = yield* schemaWith(betterAuthTables + crowd)
      const { find } = yield* betterAuth(schema)
      const email = "u1@example.com"
      assert.strictEqual((yield* find({ email }))?.sessionId, "many10000")
      const texts: Array<string> = []
      const named = { email, sessionId: "many17" }
      assert.strictEqual((yield* captureStatements(texts)(find(named)))?.sessionId, "many17")

      for (const asked of [
        { exact: email, folded: email },
        { exact: email, folded: email, sid: "many17" },
        { exact: email, folded: email, token: "t2" },
        { token: "t2" }
      ]) {
        const question = JSON.stringify([{ i: 0, ...asked }])
        const [row] = yield* exec(
          `explain (format json) ${texts.at(-1)!.replace("$1", `'${question}'`)}`
        )
        const nodes = nodesOf(row)
        assert.isTrue(nodes.some((node) => /^(Index|Bitmap Heap) .* on user$/.test(node)))
        assert.deepEqual(
          nodes.filter((node) => node.startsWith("Seq Scan")),
          []
        )
      }
    })
  )

  it.effect("writes nothing", () =>
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      const schema = yield* schemaWith(betterAuthTables + people)
      const turn = (value: string) =>
        exec(`do $$ begin
            execute format('alter database %I set default_transaction_read_only to ${value}',
              current_database());
          end $$; set default_transaction_read_only to ${value}`)
      yield* Effect.acquireRelease(turn("on"), () =>
        exec("set transaction_read_only to off; set default_transaction_read_only to off").pipe(
          Effect.andThen(turn("off"))
        )
      )
      const sql = onRealServer
        ? Context.get(yield* Layer.build(client), SqlClient.SqlClient)
        : yield* SqlClient.SqlClient
      const refused = yield* Effect.flip(sql.unsafe(`create table "${schema}".control ()`))
      assert.strictEqual(sqlstateOf(refused), "25006")

      const { find, keys, tables } = yield* betterAuth(schema, {
        client: Layer.succeed(SqlClient.SqlClient, sql)
      })
      assert.strictEqual((yield* find({ email: "ada@example.com" }))?.userId, "ada")
      assert.deepStrictEqual(yield* keys.load, [])
      assert.deepStrictEqual(yield* tables.check, [])
    })
  )

  it.effect.skipIf(!onRealServer)("needs no right but to select the columns it uses", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(betterAuthTables + people)
      const { client, role } = yield* roleOf
      yield* execIn(
        schema,
        `grant usage on schema "${schema}" to ${role};
        grant select (id, email) on "user" to ${role};
        grant select (id, "userId", "expiresAt", token) on "session" to ${role}`
      )
      const { find, tables } = yield* betterAuth(schema, { client })
      assert.deepEqual<unknown>(yield* find({ email: "ada@example.com" }), {
        userId: "ada",
        email: "ada@example.com",
        name: "",
        banned: false,
        sessionId: "ada-session"
      })
      const problems = yield* tables.check
      assert.lengthOf(problems, 1)
      assert.include(problems[0]!, `table "jwks" in schema "${schema}" lacks id, publicKey`)

      yield* execIn(schema, `revoke select (token) on "session" from ${role}`)
      const refused = yield* Effect.flip(find({ email: "ada@example.com" }))
      assert.strictEqual(refused._tag, "DbUnavailable")

      yield* execIn(schema, `grant select (token) on "session" to ${role}`)
      yield* tables.invalidate
      assert.strictEqual((yield* find({ email: "ada@example.com" }))?.userId, "ada")
    })
  )

  it.effect(
    "asks again when connections turn out to be dead, but no more often than a pool is large",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const schema = yield* schemaWith(betterAuthTables + people)
        let dead = 0
        const flaky = new Proxy(sql, {
          get: (target, property, receiver) =>
            property === "unsafe"
              ? (...statement: Parameters<typeof sql.unsafe>) =>
                  Effect.suspend(() =>
                    dead-- > 0 ? Effect.fail(connectionLost) : target.unsafe(...statement)
                  )
              : (Reflect.get(target, property, receiver) as unknown)
        })
        const { find } = yield* betterAuth(schema, {
          client: Layer.succeed(SqlClient.SqlClient, flaky)
        })
        const ada = find({ email: "ada@example.com" })
        assert.strictEqual((yield* ada)?.userId, "ada")
        dead = 10
        assert.strictEqual((yield* ada)?.userId, "ada")
        dead = 1000
        assert.strictEqual((yield* Effect.flip(ada))._tag, "DbUnavailable")
        assert.isAbove(dead, 800)
        dead = 0
        assert.strictEqual((yield* ada)?.userId, "ada")
      })
  )

  it.effect.skipIf(!onRealServer)("outlives connections that died while they were idle", () =>
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      const { find } = yield* betterAuth(yield* schemaWith(betterAuthTables + people), { client })
      const ada = find({ email: "ada@example.com" })
      for (let round = 0; round < 3; round++) {
        assert.strictEqual((yield* ada)?.userId, "ada")
        const ended = yield* exec(`
          select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where datname = current_database() and application_name = 'effect-chatkit'`)
        assert.isNotEmpty(ended)
        assert.strictEqual((yield* ada)?.userId, "ada")
      }
    })
  )
})
