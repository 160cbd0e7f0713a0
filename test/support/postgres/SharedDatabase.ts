import { Context, Effect, Layer, Redacted, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { Identities, type IdentityQuery } from "../../../src/auth/Identities.ts"
import { LiveSessions } from "../../../src/auth/LiveSessions.ts"
import { KeySource } from "../../../src/auth/KeySource.ts"
import { IdentitiesPg } from "../../../src/betterauth/IdentitiesPg.ts"
import { LiveSessionsPg } from "../../../src/betterauth/LiveSessionsPg.ts"
import { BetterAuthTables } from "../../../src/betterauth/BetterAuthTables.ts"
import * as Database from "../../../src/postgres/Pool.ts"
import { keySourcePg } from "../../../src/betterauth/KeySourcePg.ts"
import { SqlFailures } from "../../../src/postgres/SqlFailures.ts"
import { SessionId, UserId } from "../../../src/core/User.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { TestDatabase } from "../Database.ts"

/** A database and one pool for all tests of a file: the embedded one takes few connections. */
export const SharedDatabase = Layer.effect(
  SqlClient.SqlClient,
  Effect.gen(function* () {
    const { client } = yield* TestDatabase
    return Context.get(yield* Layer.build(client), SqlClient.SqlClient)
  })
).pipe(Layer.provideMerge(TestDatabase.layer), Layer.orDie)

export const unique = (prefix: string) =>
  `${prefix}_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`

/** Runs SQL with the tables of this PostgreSQL schema in reach. */
export const execIn = (schema: string, sql: string) =>
  Effect.flatMap(TestDatabase, ({ exec }) =>
    exec(`set search_path to "${schema}"; ${sql}; reset search_path`)
  )

/** A PostgreSQL schema of its own with these tables in it; its name. */
export const schemaWith = Effect.fnUntraced(function* (ddl: string, schema = unique("auth")) {
  const { exec } = yield* TestDatabase
  yield* exec(`create schema "${schema}"`)
  yield* execIn(schema, ddl)
  return schema
})

export interface Options {
  readonly keysNeeded?: boolean
  readonly client?: Layer.Layer<SqlClient.SqlClient, unknown>
}

/** The readers of Better Auth's tables in this PostgreSQL schema, until the scope ends. */
export const betterAuth = Effect.fnUntraced(function* (schema: string, options: Options = {}) {
  const { keysNeeded = false } = options
  const client = options.client ?? Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient)
  const context = yield* Layer.build(
    Layer.mergeAll(IdentitiesPg, LiveSessionsPg, keySourcePg({ keysNeeded })).pipe(
      Layer.provideMerge(BetterAuthTables.layer({ schema, keysNeeded })),
      Layer.provide(SqlFailures.layer),
      Layer.provide(LogBudget.layer),
      Layer.provide(client)
    )
  )
  const identities = Context.get(context, Identities)
  const live = Context.get(context, LiveSessions)
  return {
    identities: Layer.succeed(Identities, identities),
    tables: Context.get(context, BetterAuthTables),
    keys: Context.get(context, KeySource),
    find: (query: Question) => identities.find(asked(query)),
    isLive: (userId: string, sessionId?: string) =>
      live.isLive({
        userId: UserId.make(userId),
        sessionId: sessionId === undefined ? undefined : SessionId.make(sessionId)
      })
  }
})

/** `IdentityQuery` as a test writes it. */
export interface Question {
  readonly email?: string
  readonly sessionId?: string
  readonly sessionToken?: string
}

const asked = ({ email, sessionId, sessionToken }: Question): IdentityQuery => ({
  email: email === undefined ? undefined : Redacted.make(email),
  sessionId: sessionId === undefined ? undefined : SessionId.make(sessionId),
  sessionToken: sessionToken === undefined ? undefined : Redacted.make(sessionToken)
})

/** A login role without any right, and a client that connects as it; on a real server only. */
export const roleOf = Effect.gen(function* () {
  const { exec, url } = yield* TestDatabase
  const role = unique("reader")
  yield* Effect.acquireRelease(exec(`create role ${role} login password 'reader'`), () =>
    exec(`drop owned by ${role}; drop role ${role}`)
  )
  const own = new URL(url!)
  own.username = role
  own.password = "reader"
  return { role, client: Database.layer({ url: Redacted.make(own.href), poolSize: 2 }) }
})

/** Collects the text of every statement that runs. */
export const captureStatements = (texts: Array<string>) => {
  class Recorded extends Tracer.NativeSpan {
    override attribute(key: string, value: unknown) {
      if (key === "db.query.text") texts.push(String(value))
      super.attribute(key, value)
    }
  }
  return Effect.withTracer(Tracer.make({ span: (options) => new Recorded(options) }))
}
