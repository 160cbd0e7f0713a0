import { assert } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import { migrate } from "../../../src/postgres/Migrations.ts"
import type { InvalidTokenReason } from "../../../src/auth/Errors.ts"
import { TestDatabase } from "../Database.ts"
import { type Answer, ask, request } from "../Client.ts"
import { start } from "../Server.ts"
import type { SignedIn } from "./BetterAuth.ts"

/** The answer to a request with a token, and the log line about its authentication. */
export interface Verdict {
  readonly status: number
  readonly body: string
  readonly challenge: string | undefined
  readonly log: Record<string, unknown>
}

/**
 * Our servers on the database that Better Auth fills. They share one connection, all that an
 * embedded database can bear, and stop behind the back of the next test: it takes a second.
 */
export class TokenServers extends Context.Service<
  TokenServers,
  {
    /** Starts a server with these settings; returns a function that presents a token to it. */
    readonly start: (
      env: Record<string, string | undefined>
    ) => Effect.Effect<(token: string) => Effect.Effect<Verdict>, never, Scope.Scope>
  }
>()("test/betterauth/TokenServers") {
  static readonly layer = Layer.effect(
    TokenServers,
    Effect.gen(function* () {
      const { client } = yield* TestDatabase
      const shared = Layer.succeedContext(yield* Layer.build(client))
      yield* Effect.provide(migrate, shared)
      const stopping: Array<Fiber.Fiber<void>> = []
      yield* Effect.addFinalizer(() => Fiber.awaitAll(stopping))
      return {
        start: (env) =>
          Effect.gen(function* () {
            const scope = yield* Effect.acquireRelease(Scope.make(), (scope) =>
              Effect.map(Effect.forkDetach(Scope.close(scope, Exit.void)), (fiber) => {
                stopping.push(fiber)
              })
            )
            const { logs, url } = yield* Scope.provide(start(shared, env), scope)
            // The embedded database must not be shared with the work of starting.
            const ready = yield* request(url, { method: "GET", path: "/readyz" }).pipe(
              Effect.repeat({ until: isReady, schedule: Schedule.spaced("50 millis"), times: 200 })
            )
            assert.deepStrictEqual([ready.status, ready.body], [200, `{"status":"ready"}`])
            return (token: string) =>
              Effect.gen(function* () {
                logs.length = 0
                const { body, headers, status } = yield* ask(url, token)
                const challenge = headers["www-authenticate"]
                return { status, body, challenge, log: attemptIn(logs) }
              })
          }).pipe(Effect.orDie)
      }
    })
  ).pipe(Layer.provideMerge(TestDatabase.layer))
}

const isReady = ({ status }: Answer) => status === 200

/** A server of `TokenServers`; presents a token to it. */
export const startTokenServer = (env: Record<string, string | undefined>) =>
  Effect.flatMap(TokenServers, ({ start }) => start(env))

/** Settings of a server that knows nothing but the database. */
export const databaseOnly = { BETTER_AUTH_SECRET: undefined, BETTER_AUTH_ISSUER: undefined }

const attemptIn = (logs: ReadonlyArray<string>) => {
  const lines = logs.map((line) => JSON.parse(line) as { annotations: Record<string, unknown> })
  const attempts = lines.filter(({ annotations }) => "outcome" in annotations)
  assert.strictEqual(attempts.length, 1)
  const { outcome, reason, ...rest } = attempts[0]!.annotations
  const kind = rest["token.kind"]
  return defined({ outcome, reason, kind, user: rest["user.id"], session: rest["session.id"] })
}

const defined = (log: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(log).filter(([, value]) => value !== undefined))

export const accepted = (person: SignedIn, kind = "jwt"): Verdict => ({
  status: 200,
  body: `{"data":[],"has_more":false}`,
  challenge: undefined,
  log: { outcome: "accepted", kind, user: person.userId, session: person.sessionId }
})

export const refused = (reason: InvalidTokenReason, person?: SignedIn): Verdict => ({
  status: 401,
  body: `{"error":"Invalid or expired JWT token","status":401}`,
  challenge: `Bearer realm="effect-chatkit", error="invalid_token", error_description="The access token is invalid or expired"`,
  log: defined({ outcome: "refused", reason, user: person?.userId })
})

export const userNotFound: Verdict = {
  status: 404,
  body: `{"error":"User not found with provided email","status":404}`,
  challenge: undefined,
  log: { outcome: "refused", reason: "user_not_found" }
}

export const noActiveSession = (person?: SignedIn): Verdict => ({
  status: 404,
  body: `{"error":"No active sessions found for user","status":404}`,
  challenge: undefined,
  log: defined({ outcome: "refused", reason: "no_active_session", user: person?.userId })
})
