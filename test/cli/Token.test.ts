import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as jose from "jose"
import { mint } from "../../src/cli/Mint.ts"
import { betterAuthTables, people } from "../support/BetterAuthSchema.ts"
import { TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import { settingsOf, start } from "../support/Server.ts"
import { origin, secret } from "../support/Tokens.ts"
import { closedDatabase, freshClone, linesOf, outcomeOf, silentPort } from "../support/Processes.ts"

class Clone extends Context.Service<Clone, string>()("test/Clone") {
  static readonly layer = Layer.effect(Clone, freshClone)
}

const token = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.flatMap(Clone, (directory) => outcomeOf(directory, "token", args, env))

const refused = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.map(token(args, env), ({ code, err, out }) => {
    assert.deepStrictEqual([code, out], [1, ""])
    assert.notMatch(err, /^\s+at /m)
    return err
  })

/** Ends a process as soon as it opens a connection, to prove that it prints without one. */
const noNetwork = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    `import net from "node:net"; net.Socket.prototype.connect = () => { console.error("network!"); process.exit(99) }`
  )}`
}

layer(Clone.layer, { excludeTestServices: true })("npm run token", (it) => {
  it.effect("mints for a demo person, by name or e-mail, with the settings' issuer", () =>
    Effect.gen(function* () {
      const directory = yield* Clone
      const plain = yield* token(["ada"])
      const settled = yield* token(["ADA@Example.com"], {
        BETTER_AUTH_ISSUER: `${origin}/`,
        BETTER_AUTH_AUDIENCE: "support"
      })
      const { jwk, kid } = JSON.parse(
        readFileSync(join(directory, ".data/dev-keys.json"), "utf8")
      ) as { readonly jwk: jose.JWK; readonly kid: string }
      const read = (out: string) =>
        Effect.promise(async () => {
          assert.match(out, /^\S+\n$/)
          const key = await jose.importJWK({ kty: "OKP", crv: "Ed25519", x: jwk.x! }, "EdDSA")
          const { payload, protectedHeader } = await jose.jwtVerify(out.trim(), key)
          assert.deepStrictEqual(protectedHeader, { alg: "EdDSA", kid })
          return [payload.sub, payload["email"], payload.iss, payload.aud]
        })
      const local = "http://localhost:3000"
      assert.deepStrictEqual(yield* read(plain.out), ["demo-ada", "ada@example.com", local, local])
      assert.deepStrictEqual(yield* read(settled.out), [
        "demo-ada",
        "ada@example.com",
        origin,
        "support"
      ])
    })
  )

  it.effect("lists the demo people for an unknown name, and prints the usage without one", () =>
    Effect.gen(function* () {
      assert.match(yield* refused(["bob"]), /ada, grace, asleep, ghost/)
      const usage = yield* refused([])
      assert.match(usage, /npm run token -- <person or e-mail> /)
      assert.match(usage, /npm run token -- inspect <token> /)
      assert.strictEqual(yield* refused(["inspect"]), usage)
    })
  )

  it.effect("mints nothing in production, and says that this is why", () =>
    Effect.gen(function* () {
      const env = { NODE_ENV: "production", DATABASE_URL: closedDatabase }
      const complete = { ...env, BETTER_AUTH_SECRET: secret }
      assert.match(yield* refused(["ada@example.com"], complete), /development only/)
      assert.match(yield* refused(["ada"], { NODE_ENV: "production" }), /development only/)
      const spelt = { ...complete, NODE_ENV: "Production" }
      assert.match(yield* refused(["ada@example.com"], spelt), /development only/)
    })
  )

  it.effect("inspects in production and with a database without making keys up", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const env = { NODE_ENV: "production", DATABASE_URL: closedDatabase }
      const { code, out } = yield* outcomeOf(directory, "token", ["inspect", "demo-ada"], env)
      assert.strictEqual(code, 0)
      assert.match(out, /^This is an id, most likely a user id/)
      assert.isFalse(existsSync(join(directory, ".data")))
    })
  )

  it.effect("inspects with the embedded database and without any network", () =>
    Effect.gen(function* () {
      const ada = (yield* token(["ada"])).out.trim()
      const { code, err, out } = yield* token(["inspect", ada], noNetwork)
      assert.deepStrictEqual([code, err], [0, ""])
      assert.include(out, "This is a JWT, signed with EdDSA")
      assert.include(out, "accept it, as user demo-ada in session demo-ada-session")
      const caught = yield* token(["inspect", ada], { ...noNetwork, DATABASE_URL: closedDatabase })
      assert.strictEqual(caught.code, 99)
    })
  )

  it.effect("says what a token is while the database refuses or is silent, and ends", () =>
    Effect.gen(function* () {
      const ada = (yield* token(["ada@example.com"], {
        DATABASE_URL: closedDatabase,
        BETTER_AUTH_SECRET: secret
      })).out.trim()
      const { port } = yield* silentPort
      const silent = `postgres://nobody:not-for-the-screen@127.0.0.1:${port}/none`
      for (const DATABASE_URL of [closedDatabase, silent]) {
        const began = Date.now()
        const env = { DATABASE_URL, BETTER_AUTH_SECRET: secret }
        const { code, err, out } = yield* token(["inspect", ada], env)
        assert.deepStrictEqual([code, err], [0, ""])
        assert.include(out, "This is a JWT, signed with HS256.")
        assert.include(out, `email: "ada@example.com"`)
        assert.match(out, /the database could not be asked/)
        assert.notInclude(out, secret)
        assert.notInclude(out, "not-for-the-screen")
        assert.isBelow(Date.now() - began, 15_000)
      }
    })
  )

  it.effect("never asks the key endpoint, and gives no verdict that depends on it", () =>
    Effect.gen(function* () {
      const ada = (yield* token(["ada"])).out.trim()
      const { connections, port } = yield* silentPort
      const endpoint = `http://127.0.0.1:${port}/api/auth/jwks`
      const env = { DATABASE_URL: closedDatabase, BETTER_AUTH_JWKS_URL: endpoint }
      const { code, out } = yield* token(["inspect", ada], env)
      assert.strictEqual(code, 0)
      assert.strictEqual(connections(), 0)
      assert.include(out, `${endpoint}, which was not asked`)
      assert.notMatch(out, /would accept|would answer 503/)
    })
  )

  it.effect("does not pass a demo token off as good where keys come from an endpoint", () =>
    Effect.gen(function* () {
      const ada = (yield* token(["ada"])).out.trim()
      const { connections, port } = yield* silentPort
      const endpoint = `http://127.0.0.1:${port}/api/auth/jwks`
      const { out } = yield* token(["inspect", ada], { BETTER_AUTH_JWKS_URL: endpoint })
      assert.strictEqual(connections(), 0)
      assert.notMatch(out, /would accept/)
      assert.include(out, `${endpoint}, which was not asked`)
    })
  )
})

describe("a token for one's own database", () => {
  it.live(
    "is accepted by a server with the same settings, and by no other",
    () =>
      Effect.gen(function* () {
        const database = yield* TestDatabase
        yield* database.exec(betterAuthTables + people)
        const directory = yield* freshClone
        const same = { BETTER_AUTH_ISSUER: "https://one.example.com", BETTER_AUTH_AUDIENCE: "chat" }
        const env = { DATABASE_URL: database.url ?? closedDatabase, BETTER_AUTH_SECRET: secret }
        const minted = (person: string, settings: Record<string, string>) =>
          outcomeOf(directory, "token", [`${person}@example.com`], { ...env, ...settings })
        const named = yield* minted("ada", same)
        const unnamed = yield* minted("Ada", {})
        const ghost = yield* minted("ghost", {})
        assert.isFalse(existsSync(join(directory, ".data")))
        // One server after the other: the embedded database takes one connection.
        const statuses = (settings: Record<string, string | undefined>) =>
          Effect.scoped(
            Effect.gen(function* () {
              const { url } = yield* start(database.client, settings)
              return yield* Effect.forEach([named, unnamed, ghost], ({ out }) =>
                Effect.map(ask(url, out.trim()), ({ status }) => status)
              )
            })
          )
        assert.deepStrictEqual(yield* statuses({ BETTER_AUTH_ISSUER: undefined }), [401, 200, 404])
        assert.deepStrictEqual(yield* statuses(same), [200, 401, 401])
      }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped),
    90_000
  )

  it.live("needs an e-mail and the secret, and says so", () =>
    Effect.gen(function* () {
      const problem = (who: string, env: Record<string, string | undefined>) =>
        Effect.map(
          Effect.flip(mint(who, settingsOf({ NODE_ENV: undefined, ...env }))),
          ({ message }) => linesOf(message)
        )
      assert.match((yield* problem("ada", {})).join(), /e-mail/)
      const noSecret = yield* problem("ada@example.com", { BETTER_AUTH_SECRET: undefined })
      assert.match(noSecret.join(), /BETTER_AUTH_SECRET/)
    })
  )
})
