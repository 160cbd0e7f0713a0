import { Effect, Layer, Option, Schema } from "effect"
import { KeysUnavailable } from "../auth/Errors.ts"
import { gracePeriod, KeySource, maxKeys, type PublicKey, publicJwk } from "../auth/KeySource.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { isLayoutError, SqlFailures } from "../postgres/SqlFailures.ts"
import type { Table } from "./BetterAuthLayout.ts"
import { BetterAuthTables } from "./BetterAuthTables.ts"

/** A row of the statement below; `publicKey` is a JWK as JSON text, without `kid` and `alg`. */
const Row = Schema.Struct({
  kid: Schema.String,
  publicKey: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)),
  alg: Schema.NullOr(Schema.String),
  /** Milliseconds since 1970; PostgreSQL has an infinite timestamp too. */
  // @effect-diagnostics-next-line schemaNumber:off
  expiresAt: Schema.NullOr(Schema.Number)
})
const decodeRow = Schema.decodeUnknownOption(Row)

/**
 * The keys from Better Auth's `jwks` table; its private keys are never selected. While the table
 * is missing there are no keys if HS256 is accepted instead, and otherwise it is an outage.
 */
export const keySourcePg = (options: { readonly keysNeeded: boolean }) =>
  Layer.effect(
    KeySource,
    Effect.gen(function* () {
      const sql = yield* authenticationSql
      const tables = yield* BetterAuthTables
      const { guardForeign } = yield* SqlFailures
      return {
        load: Effect.gen(function* () {
          // The plugin may have been migrated since the layout was cached.
          const cached = (yield* tables.layout).jwks
          const jwks = cached ?? (yield* Effect.andThen(tables.invalidate, tables.layout)).jwks
          if (jwks === undefined) return options.keysNeeded ? yield* new KeysUnavailable() : []
          const rows = yield* sql.unsafe(statement(jwks), []).pipe(
            Effect.tapError((error) => (isLayoutError(error) ? tables.invalidate : Effect.void)),
            guardForeign("KeySource.load")
          )
          return rows.flatMap(keysIn)
        })
      }
    })
  )

const statement = (jwks: Table): string => {
  const text = (field: string) => {
    const column = jwks.column(field)
    return column === undefined ? "null" : `${column}::text`
  }
  const expiresAt = jwks.column("expiresAt")
  const createdAt = jwks.column("createdAt")
  const expiry = expiresAt === undefined ? "null" : `extract(epoch from ${expiresAt})`
  return `
  select ${text("id")} as "kid", ${text("publicKey")} as "publicKey", ${text("alg")} as "alg",
    (${expiry} * 1000)::float8 as "expiresAt"
  from ${jwks.from}
  where ${expiry} is null or ${expiry} + ${gracePeriod / 1000} > extract(epoch from now())
  ${createdAt === undefined ? "" : `order by ${createdAt} desc`} limit ${maxKeys}`
}

/** The key of a row; a row that holds no public signing key must not disable the others. */
const keysIn = (row: unknown): ReadonlyArray<PublicKey> =>
  Option.match(decodeRow(row), {
    onNone: () => [],
    onSome: ({ alg, expiresAt, kid, publicKey }) => {
      const jwk = publicJwk(publicKey)
      if (jwk === undefined) return []
      const retiresAt = expiresAt === null ? Infinity : expiresAt + gracePeriod
      const declared = alg ?? publicKey["alg"]
      return [{ kid, jwk, alg: typeof declared === "string" ? declared : undefined, retiresAt }]
    }
  })
