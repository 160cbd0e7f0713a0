import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { migrate } from "../../../src/postgres/Migrations.ts"
import { betterAuthTables, jwksRow } from "../../support/BetterAuthSchema.ts"
import { TestDatabase } from "../../support/Database.ts"
import { ask } from "../../support/Client.ts"
import { type Running, start } from "../../support/Server.ts"
import { makeKey, pluginClaims, sign, signHs256, signSessionToken } from "../../support/Tokens.ts"

const key = await makeKey()

/** The real server on a real database, whose users may be banned. */
class Server extends Context.Service<Server, Running>()("test/http/Revocation") {
  static readonly layer = Layer.effect(
    Server,
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      // The embedded database can bear one connection, for the tables and for the server.
      const shared = Layer.succeedContext(yield* Layer.build(client))
      yield* exec(
        `${betterAuthTables} ${jwksRow(key.kid, key.publicJwk)}
        alter table "user" add banned boolean, add "banExpires" timestamptz;`
      )
      yield* Effect.provide(migrate, shared)
      return yield* start(shared, { BETTER_AUTH_SESSION_TOKENS: "signed" })
    })
  ).pipe(Layer.provideMerge(TestDatabase.layer), Layer.orDie)
}

const sessionTokenOf = (person: string) => `${person}-session-token-of-32-letters`

const kinds = {
  plugin: (person: string) => sign(key, pluginClaims(person)),
  hs256: (person: string) => signHs256(pluginClaims(person)),
  session: (person: string) => signSessionToken(sessionTokenOf(person))
}

let people = 0

/** Somebody new, signed in, whose token was good twice already. */
const signedIn = Effect.fnUntraced(function* (kind: keyof typeof kinds) {
  const { exec } = yield* TestDatabase
  const { url } = yield* Server
  const person = `person-${kind}-${people++}`
  yield* exec(`
    insert into "user" (id, name, email, "emailVerified")
      values ('${person}', 'Somebody', '${person}@example.com', true);
    insert into "session" (id, "userId", token, "expiresAt")
      values ('${person}-session', '${person}', '${sessionTokenOf(person)}', now() + interval '1 day')`)
  const token = yield* Effect.promise(() => kinds[kind](person))
  const answer = Effect.map(ask(url, token), ({ body, status }) => ({ status, body }))
  for (let i = 0; i < 2; i++) assert.strictEqual((yield* answer).status, 200)
  return { person, answer, exec }
})

const accepted = { status: 200, body: `{"data":[],"has_more":false}` }
const refused = { status: 401, body: `{"error":"Invalid or expired JWT token","status":401}` }
const unknown = { status: 404, body: `{"error":"User not found with provided email","status":404}` }
const signedOut = {
  status: 404,
  body: `{"error":"No active sessions found for user","status":404}`
}

layer(Server.layer, { excludeTestServices: true })("a remembered token", (it) => {
  it.effect.each(["plugin", "hs256", "session"] as const)(
    "is refused on the next request after its session was deleted (%s)",
    (kind) =>
      Effect.gen(function* () {
        const { answer, exec, person } = yield* signedIn(kind)
        yield* exec(`delete from "session" where "userId" = '${person}'`)
        assert.deepStrictEqual(yield* answer, signedOut)
        assert.deepStrictEqual(yield* answer, signedOut)
      })
  )

  it.effect.each(["plugin", "hs256", "session"] as const)(
    "is refused on the next request after its session expired, and good after a new sign-in (%s)",
    (kind) =>
      Effect.gen(function* () {
        const { answer, exec, person } = yield* signedIn(kind)
        const expires = (when: string) =>
          exec(`update "session" set "expiresAt" = ${when} where "userId" = '${person}'`)
        yield* expires("now()")
        assert.deepStrictEqual(yield* answer, signedOut)
        yield* expires("now() + interval '1 day'")
        assert.deepStrictEqual(yield* answer, accepted)
      })
  )

  it.effect.each([
    ["plugin", unknown],
    ["hs256", unknown],
    // It names nobody but by the session, which is gone with the user.
    ["session", signedOut]
  ] as const)(
    "is refused on the next request after its user was deleted (%s)",
    ([kind, expected]) =>
      Effect.gen(function* () {
        const { answer, exec, person } = yield* signedIn(kind)
        yield* exec(`delete from "user" where id = '${person}'`)
        assert.deepStrictEqual(yield* answer, expected)
      })
  )

  it.effect.each(["plugin", "hs256"] as const)(
    "is refused on the next request after its address went to somebody else (%s)",
    (kind) =>
      Effect.gen(function* () {
        const { answer, exec, person } = yield* signedIn(kind)
        const other = yield* signedIn("hs256")
        yield* exec(`
          update "user" set email = 'moved-${person}@example.com' where id = '${person}';
          update "user" set email = '${person}@example.com' where id = '${other.person}'`)
        assert.deepStrictEqual(yield* answer, refused)
        assert.deepStrictEqual(yield* other.answer, unknown)
      })
  )

  it.effect.each(["plugin", "hs256", "session"] as const)(
    "is refused on the next request after its user was banned, until that is over (%s)",
    (kind) =>
      Effect.gen(function* () {
        const { answer, exec, person } = yield* signedIn(kind)
        const change = (set: string) => exec(`update "user" set ${set} where id = '${person}'`)
        yield* change("banned = true")
        assert.deepStrictEqual(yield* answer, refused)
        yield* change(`"banExpires" = now() + interval '1 day'`)
        assert.deepStrictEqual(yield* answer, refused)
        yield* change(`"banExpires" = now()`)
        assert.deepStrictEqual(yield* answer, accepted)
        yield* change(`"banExpires" = null`)
        assert.deepStrictEqual(yield* answer, refused)
        yield* change("banned = false")
        assert.deepStrictEqual(yield* answer, accepted)
      })
  )

  it.effect("says in the log who is refused, and why", () =>
    Effect.gen(function* () {
      const { logs } = yield* Server
      const { answer, exec, person } = yield* signedIn("plugin")
      const last = () => {
        const lines = logs.map((line) => JSON.parse(line) as Line)
        const { annotations } = lines.findLast(({ message }) => message === "authentication")!
        return [annotations["outcome"], annotations["reason"], annotations["user.id"]]
      }
      assert.deepStrictEqual(last(), ["accepted", undefined, person])
      yield* exec(`update "user" set banned = true where id = '${person}'`)
      yield* answer
      assert.deepStrictEqual(last(), ["refused", "banned", person])
      yield* exec(`update "user" set banned = false where id = '${person}'`)
      yield* exec(`delete from "session" where "userId" = '${person}'`)
      yield* answer
      assert.deepStrictEqual(last(), ["refused", "no_active_session", person])
    })
  )
})

interface Line {
  readonly message: string
  readonly annotations: Record<string, unknown>
}
