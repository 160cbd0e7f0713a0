import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, get } from "../support/Client.ts"
import {
  allUnavailable,
  assertOk,
  assertUnavailable,
  behindProxy,
  errorResponse,
  unavailable
} from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"

const role = "chatkit_faults"

/** A role of its own with rights on everything in this database, gone with the scope. */
const ownRole = Effect.gen(function* () {
  const { exec } = yield* TestDatabase
  const drop = `drop owned by ${role} cascade; drop role ${role}`
  yield* Effect.acquireRelease(
    exec(`create role ${role} login password 'right';
      grant create on database ${yield* databaseName} to ${role}`),
    () => exec(drop)
  )
})

const databaseName = Effect.map(TestDatabase, ({ url }) => new URL(url!).pathname.slice(1))

describe.skipIf(!onRealServer)("a PostgreSQL that refuses what it is asked", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("is restarted while idle: the next request does not notice", () =>
      Effect.gen(function* () {
        const { database, token, url } = yield* behindProxy()
        const terminate = database.exec(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'effect-chatkit'`)
        yield* Effect.forEach(Array.from({ length: 10 }), () => assertOk(ask(url, token)), {
          concurrency: 10
        })
        assert.isNotEmpty(yield* terminate)
        yield* assertOk(ask(url, token))
        assert.isNotEmpty(yield* terminate)
        yield* assertOk(ask(url, token, { message: "Hello" }))
        yield* terminate
        assert.strictEqual((yield* get(url, "/readyz")).status, 200)
      })
    )

    it.effect("is restarted again and again under load: nothing but 200 and 503", () =>
      Effect.gen(function* () {
        const { database, token, url } = yield* behindProxy()
        const terminate = database.exec(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'effect-chatkit'`)
        const answers = yield* Effect.forEach(
          Array.from({ length: 150 }, (_, i) => i),
          (i) => Effect.andThen(i % 15 === 0 ? terminate : Effect.void, ask(url, token)),
          { concurrency: 15 }
        )
        assert.isTrue(answers.every(({ status }) => status === 200 || status === 503))
        yield* assertOk(ask(url, token))
      })
    )

    for (const [sqlstate, what] of [
      ["28P01", "does not know the password"],
      ["28000", "does not let this role in"],
      ["3D000", "does not know the database"],
      ["53300", "has no connection left"],
      ["57P03", "is starting up"]
    ] as const) {
      it.effect(`${what} (${sqlstate}): 503 each time, and 200 on the first request after`, () =>
        Effect.gen(function* () {
          const { logs, proxy, token, url } = yield* behindProxy({
            before: (proxy) => proxy.answer(errorResponse(sqlstate))
          })
          const answer = yield* assertUnavailable(ask(url, token))
          assert.strictEqual(answer.body, unavailable)
          yield* allUnavailable(url, token, 30)
          assert.isTrue(logs.some((line) => line.includes(`"sqlstate":"${sqlstate}"`)))
          assert.isFalse(logs.some((line) => line.includes("s3cret")))
          yield* proxy.heal
          yield* assertOk(ask(url, token, { message: "Hello" }))
          yield* proxy.answer(errorResponse(sqlstate))
          yield* assertUnavailable(ask(url, token))
          yield* proxy.heal
          yield* assertOk(ask(url, token))
        })
      )
    }

    it.effect("does not let this role read the sessions: 503 until it may", () =>
      Effect.gen(function* () {
        yield* ownRole
        const { database, logs, token, url } = yield* behindProxy({
          credentials: (through) => {
            through.username = role
            through.password = "right"
          }
        })
        yield* database.exec(`grant select on "user", "session", "jwks" to ${role}`)
        yield* assertOk(ask(url, token))
        yield* database.exec(`revoke select on "session" from ${role}`)
        yield* allUnavailable(url, token, 10)
        assert.isTrue(logs.some((line) => line.includes("may not read it")))
        const ready = yield* eventually(get(url, "/readyz"), ({ status }) => status === 503)
        assert.include(ready.body, "GRANT SELECT")
        yield* database.exec(`grant select on "session" to ${role}`)
        yield* eventually(ask(url, token), ({ status }) => status === 200, 40)
      })
    )

    it.effect("has lost the session table: 503 until it is back", () =>
      Effect.gen(function* () {
        const { database, logs, token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* database.exec(`alter table "session" rename to "sessions_put_away"`)
        yield* allUnavailable(url, token, 10)
        const ready = yield* eventually(get(url, "/readyz"), ({ status }) => status === 503)
        assert.include(ready.body, `table \\"session\\" is not in schema`)
        assert.isTrue(logs.some((line) => line.includes("auth@latest migrate")))
        yield* database.exec(`alter table "sessions_put_away" rename to "session"`)
        yield* eventually(ask(url, token), ({ status }) => status === 200, 40)
      })
    )

    it.effect("has lost the schema chatkit, and makes it anew", () =>
      Effect.gen(function* () {
        const { database, token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* database.exec("drop schema chatkit cascade")
        const answer = yield* ask(url, token)
        assert.include([200, 503], answer.status)
        yield* assertOk(ask(url, token, { message: "Hello" }))
      })
    )
  })
})
