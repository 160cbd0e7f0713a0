import { Deferred, Effect, Layer, Queue } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { LookupBatches } from "../../../src/betterauth/Lookups.ts"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { forgiving } from "../Server.ts"
import { betterAuth } from "./SharedDatabase.ts"

/** A statement about identities that has been sent, and whose answer somebody holds back. */
export interface HeldLookup {
  /** The addresses it asks about, in order. */
  readonly asked: ReadonlyArray<string>
  readonly answer: Effect.Effect<void>
  readonly fail: Effect.Effect<void>
}

const failure = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("away"), operation: "connect" })
})

/** Lets whatever can go on without an answer go on. */
export const settle = Effect.promise(async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
})

/**
 * `Identities` on this schema of the shared database, where every statement about
 * identities is run as it comes, and answered when the test says so. The tables have been looked up already.
 */
export const heldLookups = Effect.fnUntraced(function* (
  schema: string,
  options: {
    readonly batches?: (typeof LookupBatches)["Service"]
    readonly patience?: (typeof Timeouts)["Service"]
  } = {}
) {
  const sql = yield* SqlClient.SqlClient
  const sent = yield* Queue.unbounded<HeldLookup>()
  const state = { holding: false, inFlight: 0, mostInFlight: 0, statements: 0 }

  const held = (asked: ReadonlyArray<string>, rows: Effect.Effect<unknown, SqlError.SqlError>) =>
    Effect.gen(function* () {
      state.statements += 1
      state.inFlight += 1
      state.mostInFlight = Math.max(state.mostInFlight, state.inFlight)
      const answer = yield* rows
      const gate = yield* Deferred.make<void, SqlError.SqlError>()
      yield* Queue.offer(sent, {
        asked,
        answer: Effect.asVoid(Deferred.succeed(gate, undefined)),
        fail: Effect.asVoid(Deferred.fail(gate, failure))
      })
      if (state.holding) yield* Deferred.await(gate)
      return answer
    }).pipe(Effect.ensuring(Effect.sync(() => (state.inFlight -= 1))))

  const client = new Proxy(sql, {
    get: (target, property, receiver) =>
      property === "unsafe"
        ? (...statement: Parameters<typeof sql.unsafe>) => {
            const [text, [asked] = []] = statement
            const rows = target.unsafe(...statement)
            return text.includes("json_to_recordset") ? held(emailsIn(asked), rows) : rows
          }
        : (Reflect.get(target, property, receiver) as unknown)
  })
  const { find, tables } = yield* betterAuth(schema, {
    client: Layer.mergeAll(
      Layer.succeed(SqlClient.SqlClient, client),
      Layer.succeed(Timeouts, options.patience ?? forgiving),
      Layer.succeed(LookupBatches, options.batches ?? (yield* LookupBatches))
    )
  })
  yield* tables.check
  state.holding = true
  return {
    state,
    find: (person: string) => find({ email: `${person}@example.com` }),
    /** The next statement, as soon as it is sent. */
    next: Queue.take(sent),
    /** From now on nobody holds anything back. */
    letThrough: Effect.gen(function* () {
      state.holding = false
      for (const { answer } of yield* Queue.clear(sent)) yield* answer
    })
  }
})

const emailsIn = (asked: unknown): ReadonlyArray<string> =>
  (JSON.parse(String(asked)) as ReadonlyArray<{ exact?: string }>).map(({ exact }) => exact ?? "")
