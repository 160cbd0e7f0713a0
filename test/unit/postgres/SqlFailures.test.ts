import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { SqlFailures, sqlstateOf } from "../../../src/postgres/SqlFailures.ts"
import { NotFound } from "../../../src/core/Errors.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { onRealServer } from "../../support/Database.ts"
import { SharedDatabase } from "../../support/postgres/SharedDatabase.ts"

const Guards = SqlFailures.layer.pipe(Layer.provide(LogBudget.layer))

const private_ = "a value nobody may log"

const reasons = {
  AuthenticationError: SqlError.AuthenticationError,
  AuthorizationError: SqlError.AuthorizationError,
  ConnectionError: SqlError.ConnectionError,
  ConstraintError: SqlError.ConstraintError,
  DeadlockError: SqlError.DeadlockError,
  LockTimeoutError: SqlError.LockTimeoutError,
  SerializationError: SqlError.SerializationError,
  SqlSyntaxError: SqlError.SqlSyntaxError,
  StatementTimeoutError: SqlError.StatementTimeoutError,
  UnknownError: SqlError.UnknownError
}
type Tag = keyof typeof reasons

const sqlError = (tag: Tag, code?: string, operation = "query") =>
  new SqlError.SqlError({
    reason: new reasons[tag]({
      cause: Object.assign(new Error(private_), { code, detail: private_ }),
      message: private_,
      operation
    })
  })

const outages: ReadonlyArray<readonly [Tag, string | undefined, string?]> = [
  ["ConnectionError", undefined],
  ["ConnectionError", "08006"],
  ["StatementTimeoutError", "57014"],
  ["LockTimeoutError", "55P03"],
  ["DeadlockError", "40P01"],
  ["SerializationError", "40001"],
  ["UnknownError", "53300"],
  ["UnknownError", "57P01"],
  ["UnknownError", "57P03"],
  ["UnknownError", "58030"],
  ["SqlSyntaxError", "42P01"],
  ["AuthorizationError", "42501"],
  ["UnknownError", "3D000", "connect"],
  ["AuthenticationError", "28P01", "connect"],
  ["UnknownError", undefined, "connect"]
]

const mistakes: ReadonlyArray<readonly [Tag, string | undefined]> = [
  ["SqlSyntaxError", "42601"],
  ["UnknownError", "22021"],
  ["UnknownError", "26000"],
  ["UnknownError", undefined]
]

describe("SqlFailures", () => {
  it.effect("tells an outage from a mistake of ours by its kind and SQLSTATE", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const { guard } = yield* SqlFailures
      for (const [tag, code, operation] of outages) {
        const failed = yield* Effect.flip(guard("Test.find")(sqlError(tag, code, operation)))
        assert.strictEqual(failed._tag, "DbUnavailable", `${tag} ${code}`)
        assert.strictEqual(failed.operation, "Test.find")
        assert.include(lines.pop(), `"level":"WARN"`)
      }
      // To a client both are the same; the log says which of them is a bug.
      for (const [tag, code] of mistakes) {
        const failed = yield* Effect.flip(guard("Test.find")(sqlError(tag, code)))
        assert.strictEqual(failed._tag, "DbUnavailable", `${tag} ${code}`)
        assert.include(lines.pop(), `"level":"ERROR"`)
      }
      const broken = yield* Effect.exit(guard("Test.write")(sqlError("ConstraintError", "23503")))
      const defect = String(Exit.isFailure(broken) && Cause.pretty(broken.cause))
      assert.include(defect, "Test.write: ConstraintError 23503")
      assert.notInclude(defect, private_)
    }).pipe(Effect.provide([Guards, captureLogs(lines)]))
  })

  it.effect("calls every failure an outage where others lay the tables out", () =>
    Effect.gen(function* () {
      const { guardForeign } = yield* SqlFailures
      for (const [tag, code, operation] of [...outages, ...mistakes]) {
        const failed = yield* Effect.flip(guardForeign("Test.find")(sqlError(tag, code, operation)))
        assert.strictEqual(failed._tag, "DbUnavailable", `${tag} ${code}`)
      }
    }).pipe(Effect.provide(Guards))
  )

  it.effect("leaves answers, other failures and defects alone", () =>
    Effect.gen(function* () {
      for (const guard of Object.values(yield* SqlFailures)) {
        assert.strictEqual(yield* guard("Test.find")(Effect.succeed(7)), 7)
        const notFound = new NotFound({ object: "Thread" })
        assert.strictEqual(yield* Effect.flip(guard("Test.find")(Effect.fail(notFound))), notFound)
        const defect = new Error("broken")
        const exit = yield* Effect.exit(guard("Test.find")(Effect.die(defect)))
        assert.strictEqual(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, defect)
      }
    }).pipe(Effect.provide(Guards))
  )

  it.effect("says operation, kind and SQLSTATE, and nothing else of what failed", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const { guard, guardForeign } = yield* SqlFailures
      yield* Effect.exit(guardForeign("Test.read")(sqlError("SqlSyntaxError", "42P01")))
      const write = guard("Test.write")(sqlError("UnknownError", "26000"))
      assert.strictEqual((yield* Effect.flip(write))._tag, "DbUnavailable")
      assert.lengthOf(lines, 2)
      assert.deepInclude(JSON.parse(lines[1]!), {
        level: "ERROR",
        message: "the database refused a statement",
        annotations: {
          operation: "Test.write",
          reason: "UnknownError",
          sqlstate: "26000",
          advice:
            "a pooler gives each transaction another connection: add pgbouncer=true to DATABASE_URL"
        }
      })
      assert.notInclude(lines.join(), private_)
      const { annotations, level, message } = JSON.parse(lines[0]!) as Record<string, unknown>
      assert.deepEqual(
        [level, message, annotations],
        [
          "WARN",
          "database unavailable",
          { operation: "Test.read", reason: "SqlSyntaxError", sqlstate: "42P01" }
        ]
      )
    }).pipe(Effect.provide([Guards, captureLogs(lines)]))
  })

  it.effect("writes at most 60 lines a minute, and then how many it left out", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const { guard } = yield* SqlFailures
      const fail = Effect.exit(guard("Test.find")(sqlError("ConnectionError")))
      yield* Effect.repeat(fail, { times: 99 })
      assert.lengthOf(lines, 60)
      yield* TestClock.adjust("1 minute")
      yield* fail
      assert.lengthOf(lines, 62)
      assert.include(lines[60]!, `"count":40`)
    }).pipe(Effect.provide([Guards, captureLogs(lines)]))
  })

  it.effect("stops waiting at the deadline, even for what cannot be interrupted", () =>
    Effect.gen(function* () {
      for (const guard of Object.values(yield* SqlFailures)) {
        for (const stuck of [Effect.never, Effect.uninterruptible(Effect.never)]) {
          const fiber = yield* Effect.forkChild(Effect.flip(guard("Test.find")(stuck)))
          yield* TestClock.adjust((yield* Timeouts).statement - 1)
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust(1)
          assert.strictEqual((yield* Fiber.join(fiber))._tag, "DbUnavailable")
        }
      }
    }).pipe(Effect.provide(Guards))
  )

  it.effect("lets a caller go at once and ends the statement behind it", () =>
    Effect.gen(function* () {
      const { guard } = yield* SqlFailures
      const ended = yield* Deferred.make<void>()
      const statement = Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
      const fiber = yield* Effect.forkChild(guard("Test.find")(statement), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(ended)

      const stuck = yield* Effect.forkChild(
        guard("Test.find")(Effect.uninterruptible(Effect.never)),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(stuck)
    }).pipe(Effect.provide(Guards))
  )

  it.live.skipIf(!onRealServer)(
    "takes no value of a statement along that PostgreSQL refuses",
    () => {
      const lines: Array<string> = []
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { guard, guardForeign } = yield* SqlFailures
        const refused = sql`select ${private_}::int`
        assert.strictEqual(sqlstateOf(yield* Effect.flip(refused)), "22P02")
        yield* Effect.flip(guard("Test.find")(refused))
        yield* Effect.flip(guardForeign("Test.find")(refused))
        assert.lengthOf(lines, 2)
        for (const line of lines) {
          assert.include(line, "22P02")
          assert.notInclude(line, private_)
        }
      }).pipe(Effect.provide([Guards, captureLogs(lines), SharedDatabase]))
    }
  )

  it.live.skipIf(!onRealServer)("leaves a stuck statement and frees its connection", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { guard } = yield* SqlFailures
      const stuck = guard("Test.sleep")(sql`select pg_sleep(60)`)
      const failed = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.flip(stuck)),
        { concurrency: "unbounded" }
      )
      assert.deepEqual(
        failed.map(({ _tag }) => _tag),
        failed.map(() => "DbUnavailable")
      )
      const [row] = yield* guard("Test.one")(sql`select 1 as one`).pipe(
        Effect.retry({ times: 5, while: ({ _tag }) => _tag === "DbUnavailable" })
      )
      assert.deepEqual(row, { one: 1 })
    }).pipe(Effect.provide([Guards, SharedDatabase]))
  )
})
