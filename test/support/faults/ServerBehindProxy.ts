import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import * as Database from "../../../src/postgres/Pool.ts"
import { betterAuthTables, jwksRow, people } from "../BetterAuthSchema.ts"
import { TestDatabase } from "../Database.ts"
import { type Answer, ask } from "../Client.ts"
import { start } from "../Server.ts"
import { makeKey, pluginClaims, sign } from "../Tokens.ts"
import * as Proxy from "./Proxy.ts"

export const unavailable = `{"error":"Service temporarily unavailable","status":503}`
/** Once the caller is known, ChatKit's client gets the sentence where it looks for it. */
export const unavailableToKnown = `{"error":"Service temporarily unavailable","status":503,"message":"Service temporarily unavailable"}`

/** Where a database's URL points, and the same URL pointing elsewhere. */
export const throughPort = (url: string, port: number): string => {
  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  return through.href
}

/** Better Auth's tables with the cast and one key in them, and nothing of ours. */
export const freshDatabase = Effect.gen(function* () {
  const database = yield* TestDatabase
  const key = yield* Effect.promise(() => makeKey())
  yield* database.exec(`
    drop schema if exists chatkit cascade;
    drop schema public cascade; create schema public; grant usage on schema public to public;
    ${betterAuthTables} ${people} ${jwksRow(key.kid, key.publicJwk)}`)
  const token = yield* Effect.promise(() => sign(key, pluginClaims("ada")))
  return { database, key, token }
})

/** A server of the real program whose way to PostgreSQL leads through a proxy. */
export const behindProxy = (
  options: {
    readonly poolSize?: number
    readonly env?: Record<string, string>
    /** A fault to play before the server starts. */
    readonly before?: (proxy: Proxy.Proxy) => Effect.Effect<void>
    readonly credentials?: (url: URL) => void
  } = {}
) =>
  Effect.gen(function* () {
    const { database, key, token } = yield* freshDatabase
    const target = new URL(database.url!)
    const proxy = yield* Proxy.make({ host: target.hostname, port: Number(target.port || 5432) })
    yield* options.before?.(proxy) ?? Effect.void
    const through = new URL(throughPort(target.href, proxy.port))
    options.credentials?.(through)
    const { logs, url } = yield* start(
      Database.layer({ url: Redacted.make(through.href), poolSize: options.poolSize ?? 10 }),
      options.env ?? {},
      yield* Timeouts
    )
    return { database, proxy, key, token, url, logs }
  })

/** Asks so many at once and asserts that each is told of the outage in time. */
export const allUnavailable = (url: string, token: string, count = 1, body?: unknown) =>
  Effect.forEach(Array.from({ length: count }), () => assertUnavailable(ask(url, token, body)), {
    concurrency: "unbounded",
    discard: true
  })

/**
 * For how many milliseconds this process, the server in it, could not run since the beginning of the
 * scope, because others use the machine, too.
 */
const stalls = Effect.gen(function* () {
  const every = 10
  /** The usual lateness of a timer. */
  const tolerance = 5
  let stalled = 0
  let last = performance.now()
  const look = () => {
    const late = performance.now() - last - every
    last = performance.now()
    if (late > tolerance) stalled += late
  }
  const timer = setInterval(look, every)
  yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(timer)))
  return Effect.sync(() => {
    look()
    return stalled
  })
})

/** The outage is what the requirement says it is: 503, the exact words, within two seconds. */
export const assertUnavailable = (question: Effect.Effect<Answer>) =>
  Effect.map(assertTimely(question), (answer) => {
    assert.strictEqual(answer.status, 503, answer.body)
    assert.include([unavailable, unavailableToKnown], answer.body)
    assert.match(answer.headers["retry-after"] ?? "", /^[1-9]\d*$/)
    assert.isUndefined(answer.headers["www-authenticate"])
    return answer
  })

/** Any answer but a success came within two seconds in which the server could run. */
export const assertTimely = (question: Effect.Effect<Answer>) =>
  Effect.gen(function* () {
    const stalled = yield* stalls
    const began = performance.now()
    const answer = yield* question
    const milliseconds = performance.now() - began
    assert.include([200, 503], answer.status)
    if (answer.status !== 200) assert.isBelow(milliseconds - (yield* stalled), 2_000)
    return answer
  }).pipe(Effect.scoped)

/** Milliseconds of a stall after which a statement may have missed the server's own deadline. */
const longStall = 200

/** The first request succeeds. Only one that the machine has held up is asked again. */
export const assertOk = (question: Effect.Effect<Answer>) =>
  Effect.gen(function* () {
    const stalled = yield* stalls
    const answer = yield* question
    return { answer, isHeldUp: answer.status === 503 && (yield* stalled) > longStall }
  }).pipe(
    Effect.scoped,
    Effect.repeat({ until: ({ isHeldUp }) => !isHeldUp, times: 3 }),
    Effect.map(({ answer }) => {
      assert.strictEqual(answer.status, 200, answer.body)
      return answer
    })
  )

/** How PostgreSQL turns a connection away (protocol 3.0, ErrorResponse). */
export const errorResponse = (sqlstate: string): Uint8Array => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlstate}\0Mgo away, s3cret\0\0`)
  const header = Buffer.alloc(5)
  header.write("E")
  header.writeInt32BE(4 + fields.length, 1)
  return Buffer.concat([header, fields])
}

/** The states of our server's connections to the test's database. */
export const backends = Effect.map(TestDatabase, ({ exec }) =>
  Effect.map(
    exec(`select pid, state, coalesce(wait_event_type, '') as waits from pg_stat_activity
      where datname = current_database() and application_name = 'effect-chatkit'`),
    (rows) => rows as ReadonlyArray<{ pid: number; state: string; waits: string }>
  )
)
