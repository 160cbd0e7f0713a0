import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Schema } from "effect"

/** The embedded database could not be started; the message says what to do. */
export class EmbeddedUnavailable extends Schema.TaggedError<EmbeddedUnavailable>()(
  "EmbeddedUnavailable",
  { message: Schema.String }
) {}

const packages = Effect.tryPromise({
  try: async () => ({
    ...(await import("@electric-sql/pglite")),
    ...(await import("@electric-sql/pglite-socket"))
  }),
  catch: () =>
    new EmbeddedUnavailable({
      message:
        "The embedded database is not installed (npm ci --omit=dev leaves it out): set DATABASE_URL."
    })
})

/** Milliseconds that the socket may take to close. */
const stopsWithin = 500

/** PostgreSQL inside the process, stored in `directory`, or else in memory, until it is closed. */
export const open = (directory?: string) =>
  Effect.flatMap(packages, ({ PGlite }) => Effect.promise(() => PGlite.create(directory)))

/** Opens it until the scope ends, and makes a client of it. */
export const pglite = (directory?: string) =>
  Effect.gen(function* () {
    const db = yield* Effect.acquireRelease(open(directory), (db) =>
      Effect.promise(() => db.close())
    )
    return { db, client: yield* clientOf(db) }
  })

/**
 * A client with a single connection, because PGlite mixes up the messages of several. It connects
 * through a socket in a new directory that only this user can enter.
 */
export const clientOf = (db: Effect.Success<ReturnType<typeof open>>) =>
  Effect.gen(function* () {
    const { PGLiteSocketServer } = yield* packages
    const own = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-chatkit-"))),
      (own) => Effect.sync(() => rmSync(own, { recursive: true, force: true }))
    )
    const path = join(own, ".s.PGSQL.5432")
    // The second connection is used only to cancel a statement of the first.
    const server = new PGLiteSocketServer({ db, path, maxConnections: 2 })
    yield* Effect.acquireRelease(
      Effect.promise(() => server.start()),
      // It waits for ever for a connection that is just being made.
      () =>
        Effect.promise(() => server.stop()).pipe(
          Effect.interruptible,
          Effect.timeoutOption(stopsWithin)
        )
    )
    return PgClient.layer({ path, username: "postgres", database: "postgres", maxConnections: 1 })
  })
