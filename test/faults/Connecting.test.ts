import { assert, describe, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, get } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { eventually } from "../support/Eventually.ts"
import { assertOk, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { authority, tlsProxy } from "../support/faults/TlsProxy.ts"

/** A server whose DATABASE_URL is that of the tests, changed. */
const withUrl = Effect.fnUntraced(function* (change: (url: URL) => void) {
  const { database, token } = yield* freshDatabase
  const target = new URL(database.url!)
  change(target)
  const pool = Database.layer({ url: Redacted.make(target.href), poolSize: 2 })
  const { logs, url } = yield* start(pool)
  return { logs, token, url }
})

/** The same through TLS, with these parameters, at this name of the host. */
const throughTls = Effect.fnUntraced(function* (query: string, host = "localhost") {
  const { url } = yield* TestDatabase
  const { hostname, port } = new URL(url!)
  const tlsPort = yield* tlsProxy({ host: hostname, port: Number(port || 5432) })
  return yield* withUrl((target) => {
    target.host = `${host}:${tlsPort}`
    target.search = query
  })
})

const root = `sslrootcert=${encodeURIComponent(authority)}`

const readiness = (url: string) =>
  eventually(get(url, "/readyz"), ({ body }) => body.includes("the database cannot be used"))

describe.skipIf(!onRealServer)("a database as people have it", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    for (const [query, host] of [
      ["sslmode=require", "127.0.0.1"],
      ["sslmode=no-verify", "127.0.0.1"],
      [`sslmode=require&${root}`, "127.0.0.1"],
      [`sslmode=verify-ca&${root}`, "127.0.0.1"],
      [root, "127.0.0.1"],
      [`sslmode=verify-full&${root}`, "localhost"]
    ] as const) {
      it.effect(
        `B2: is used through TLS with ${query.replace(/sslrootcert=\S+/, "a root")} at ${host}`,
        () =>
          Effect.gen(function* () {
            const { token, url } = yield* throughTls(query, host)
            yield* assertOk(ask(url, token, { message: "Hello" }))
          })
      )
    }

    for (const [query, host, sentence] of [
      ["sslmode=verify-full", "localhost", "sslrootcert"],
      ["sslmode=verify-ca", "localhost", "sslrootcert"],
      [`sslmode=verify-full&${root}`, "127.0.0.1", "its certificate is for another host"]
    ] as const) {
      it.effect(
        `B2: is refused in words with ${query.replace(/sslrootcert=\S+/, "a root")} at ${host}`,
        () =>
          Effect.gen(function* () {
            const { logs, token, url } = yield* throughTls(query, host)
            assert.strictEqual((yield* ask(url, token)).status, 503)
            assert.include((yield* readiness(url)).body, sentence)
            assert.isTrue(logs.some((line) => line.includes(sentence)))
          })
      )
    }

    for (const [what, change, sentence] of [
      ["has another password", (url: URL) => (url.username = "nobody_at_all"), "user"],
      [
        "has no such database",
        (url: URL) => (url.pathname = "/none_at_all"),
        "no database of this name"
      ],
      ["refuses connections", (url: URL) => (url.port = "1"), "nothing listens"],
      [
        "is at an unknown host",
        (url: URL) => (url.hostname = "nowhere.invalid"),
        "host of DATABASE_URL"
      ],
      ["has no such socket", (url: URL) => (url.search = "?host=/none/at/all"), "no socket"],
      ["does not speak TLS", (url: URL) => (url.search = "?sslmode=require"), "TLS"]
    ] as const) {
      it.effect(`B3: that ${what} is named in the log and by /readyz, without a value`, () =>
        Effect.gen(function* () {
          const { logs, url } = yield* withUrl((url) => void change(url))
          const { body } = yield* readiness(url)
          assert.include(body, sentence)
          assert.isTrue(logs.some((line) => line.includes(sentence)))
          for (const text of [body, ...logs]) {
            assert.notMatch(text, /nobody_at_all|none_at_all|nowhere|none\/at/)
          }
        })
      )
    }
  })
})
