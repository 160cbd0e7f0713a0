import { Effect, Layer } from "effect"
import { gracePeriod, KeySource, maxKeys, type PublicKey, publicJwk } from "../auth/KeySource.ts"
import { isRecord } from "../auth/Jws.ts"
import { KeysUnavailable } from "../auth/Errors.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { BetterAuthTables, type Table } from "./BetterAuthTables.ts"
import { isLayoutError, SqlFailures } from "../postgres/SqlFailures.ts"

interface Row {
  readonly kid: string
  readonly publicKey: string
  readonly alg: string | null
  readonly expiresAt: number | null
}

/**
 * The keys from Better Auth's `jwks` table; its private keys are never selected. Without the
 * table there are no keys when HS256 is accepted instead, and an outage when nothing else is.
 */
export const KeySourcePg = (options: { readonly keysNeeded: boolean }) =>
  Layer.effect(
    KeySource,
    Effect.gen(function* () {
      const sql = yield* authenticationSql
      const tables = yield* BetterAuthTables
      const { guardForeign } = yield* SqlFailures
      return {
        load: Effect.gen(function* () {
          // The plugin may have been migrated since the tables were looked at.
          const known = (yield* tables.layout).jwks
          const jwks = known ?? (yield* Effect.andThen(tables.forget, tables.layout)).jwks
          if (jwks === undefined) return options.keysNeeded ? yield* new KeysUnavailable() : []
          const rows = yield* sql.unsafe<Row>(statement(jwks), []).pipe(
            Effect.tapError((error) => (isLayoutError(error) ? tables.forget : Effect.void)),
            guardForeign("KeySource.load")
          )
          return rows.flatMap(asKey)
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

const asKey = ({ alg, expiresAt, kid, publicKey }: Row): ReadonlyArray<PublicKey> => {
  const jwk = publicJwk(parsed(publicKey))
  if (jwk === undefined) return []
  const retiresAt = expiresAt === null ? Infinity : expiresAt + gracePeriod
  return [{ kid, jwk, alg: alg ?? undefined, retiresAt }]
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}
