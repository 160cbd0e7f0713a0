import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { gracePeriod, maxKeys } from "../../../src/auth/KeySource.ts"
import { betterAuthTables, jwksRow, people } from "../../support/BetterAuthSchema.ts"
import { onRealServer } from "../../support/Database.ts"
import { makeKey } from "../../support/Tokens.ts"
import {
  betterAuth,
  captureStatements,
  execIn,
  roleOf,
  schemaWith,
  SharedDatabase
} from "../../support/postgres/SharedDatabase.ts"

const jwk = { kty: "OKP", crv: "Ed25519", x: "SZ_eLJaMlkYPvgpu9IIqnqPBynqDFiO5-qhN14Vr7sg" }
const secret = "private-key-material"

const tables = `${betterAuthTables} ${people}`
const withoutKeys = `${tables} drop table "jwks";`

const kidsOf = (keys: ReadonlyArray<{ readonly kid: string }>) => keys.map(({ kid }) => kid).sort()

layer(SharedDatabase, { excludeTestServices: true })("KeySource, from the jwks table", (it) => {
  it.effect("loads the public part of each key, whatever its algorithm", () =>
    Effect.gen(function* () {
      const made = yield* Effect.promise(() =>
        Promise.all([makeKey("EdDSA"), makeKey("ES256"), makeKey("ES512"), makeKey("RS256")])
      )
      const rows = made.map(({ alg, kid, publicJwk }) =>
        jwksRow(kid, { ...publicJwk, d: secret, p: secret, use: "sig", alg }, alg)
      )
      const { keys } = yield* betterAuth(yield* schemaWith(tables + rows.join("")))
      const loaded = yield* keys.load
      assert.deepEqual(kidsOf(loaded), kidsOf(made))
      for (const { alg, kid, publicJwk } of made) {
        const key = loaded.find((key) => key.kid === kid)!
        assert.deepEqual<unknown>(key.jwk, publicJwk)
        assert.deepEqual([key.alg, key.retiresAt], [alg, Infinity])
      }
      assert.notInclude(JSON.stringify(loaded), secret)
    })
  )

  it.effect("never selects the private keys", () =>
    Effect.gen(function* () {
      const { keys } = yield* betterAuth(yield* schemaWith(tables + jwksRow("one", jwk)))
      const texts: Array<string> = []
      yield* captureStatements(texts)(keys.load)
      assert.isNotEmpty(texts)
      assert.notMatch(texts.join(), /private/i)
      assert.notMatch(texts.join(), /select \*/)
    })
  )

  it.effect("keeps a key for the grace period after it expired, and no longer", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(
        tables +
          jwksRow("open", jwk) +
          jwksRow("ahead", jwk, null, "now() + interval '1 day'") +
          jwksRow("graced", jwk, null, "now() - interval '29 days 23 hours 59 minutes'") +
          jwksRow("beyond", jwk, null, "now() - interval '30 days 1 minute'") +
          jwksRow("endless", jwk, null, "'infinity'") +
          jwksRow("dated", jwk, null, "'2100-01-01T00:00:00.250Z'")
      )
      const { keys } = yield* betterAuth(schema)
      const loaded = yield* keys.load
      assert.deepEqual(kidsOf(loaded), ["ahead", "dated", "endless", "graced", "open"])
      const retiresAt = Object.fromEntries(loaded.map((key) => [key.kid, key.retiresAt]))
      assert.strictEqual(retiresAt["open"], Infinity)
      assert.strictEqual(retiresAt["endless"], Infinity)
      assert.strictEqual(retiresAt["dated"], Date.UTC(2100, 0, 1, 0, 0, 0, 250) + gracePeriod)
    })
  )

  it.effect("reads snake_case columns, timestamps without zone, number ids and a plural name", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(`${withoutKeys}
        create table jwkss (id integer primary key, public_key text not null,
          private_key text not null, created_at timestamp not null, expires_at timestamp);
        insert into jwkss values (7, '${JSON.stringify(jwk)}', '', now(), '2100-01-01 00:00:00')`)
      yield* execIn(schema, "set timezone to 'Asia/Karachi'")
      const { keys } = yield* betterAuth(schema, { keysNeeded: true })
      const loaded = yield* keys.load.pipe(Effect.ensuring(execIn(schema, "reset timezone")))
      const retiresAt = Date.UTC(2100, 0, 1) + gracePeriod
      assert.deepEqual<unknown>(loaded, [{ kid: "7", jwk, alg: undefined, retiresAt }])
    })
  )

  it.effect("skips rows that hold no public signing key", () =>
    Effect.gen(function* () {
      const broken = [
        `'no json'`,
        `''`,
        `'null'`,
        `'[]'`,
        `'"text"'`,
        `'{}'`,
        `'{"kty":"oct","k":"c2VjcmV0"}'`,
        `'{"kty":7}'`,
        `'${JSON.stringify({ ...jwk, use: "enc" })}'`
      ].map(
        (text, i) =>
          `insert into "jwks" (id, "publicKey", "privateKey", "createdAt") values ('b${i}', ${text}, '', now());`
      )
      const { keys } = yield* betterAuth(
        yield* schemaWith(tables + broken.join("") + jwksRow("good", jwk))
      )
      assert.deepEqual(kidsOf(yield* keys.load), ["good"])
    })
  )

  it.effect("keeps the newest when there are far too many", () =>
    Effect.gen(function* () {
      const { keys } = yield* betterAuth(
        yield* schemaWith(`${tables}
          insert into "jwks" (id, "publicKey", "privateKey", "createdAt")
          select 'k' || i, '${JSON.stringify(jwk)}', '', now() - i * interval '1 minute'
          from generate_series(${maxKeys + 500}, 1, -1) i`)
      )
      const kids = new Set(kidsOf(yield* keys.load))
      assert.strictEqual(kids.size, maxKeys)
      assert.isTrue(kids.has("k1"))
      assert.isTrue(kids.has(`k${maxKeys}`))
    })
  )

  it.effect(
    "has no keys without the table when there is a secret, and finds it once it is there",
    () =>
      Effect.gen(function* () {
        const schema = yield* schemaWith(withoutKeys)
        const { find, keys } = yield* betterAuth(schema)
        assert.deepEqual(yield* keys.load, [])
        assert.strictEqual((yield* find({ email: "ada@example.com" }))?.userId, "ada")
        yield* execIn(
          schema,
          `create table "jwks" (id text, "publicKey" text);
        insert into "jwks" values ('late', '${JSON.stringify(jwk)}')`
        )
        assert.deepEqual<unknown>(yield* keys.load, [
          { kid: "late", jwk, alg: undefined, retiresAt: Infinity }
        ])
      })
  )

  it.effect("calls a missing table an outage when there is no secret", () =>
    Effect.gen(function* () {
      const { keys } = yield* betterAuth(yield* schemaWith(withoutKeys), { keysNeeded: true })
      assert.strictEqual((yield* Effect.flip(keys.load))._tag, "KeysUnavailable")
    })
  )

  it.effect("calls a table that went away an outage, and reads it again when it is back", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(tables + jwksRow("one", jwk))
      const { keys } = yield* betterAuth(schema)
      assert.deepEqual(kidsOf(yield* keys.load), ["one"])
      yield* execIn(schema, `alter table "jwks" rename to elsewhere`)
      assert.strictEqual((yield* Effect.flip(keys.load))._tag, "DbUnavailable")
      yield* execIn(schema, `alter table elsewhere rename to "jwkss"`)
      assert.deepEqual(kidsOf(yield* keys.load), ["one"])
    })
  )

  it.effect.skipIf(!onRealServer)("reads no other columns than those it is granted", () =>
    Effect.gen(function* () {
      const schema = yield* schemaWith(tables + jwksRow("one", jwk, "EdDSA"))
      const { client, role } = yield* roleOf
      yield* execIn(
        schema,
        `grant usage on schema "${schema}" to ${role};
        grant select on "user", "session" to ${role};
        grant select (id, "publicKey", "expiresAt", alg, crv) on "jwks" to ${role}`
      )
      const { keys, tables: layout } = yield* betterAuth(schema, { client, keysNeeded: true })
      assert.deepEqual<unknown>(yield* keys.load, [
        { kid: "one", jwk, alg: "EdDSA", retiresAt: Infinity }
      ])
      assert.deepEqual(yield* layout.check, [])
    })
  )
})
