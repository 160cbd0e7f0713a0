import { Effect, Layer, Logger, Redacted } from "effect"
import { Identities, type Identity, type IdentityQuery } from "../../src/auth/Identities.ts"
import { LiveSessions } from "../../src/auth/LiveSessions.ts"
import { KeySource, type PublicKey } from "../../src/auth/KeySource.ts"
import { Readiness } from "../../src/health/Readiness.ts"
import { DbUnavailable } from "../../src/core/Errors.ts"
import { KeysUnavailable } from "../../src/auth/Errors.ts"
import { SessionId, UserId } from "../../src/core/User.ts"
import type { SigningKey } from "./Tokens.ts"

const identity = (person: string, overrides: Partial<Identity> = {}): Identity => ({
  userId: UserId.make(person),
  email: `${person}@example.com`,
  name: person,
  banned: false,
  sessionId: SessionId.make(`${person}-session`),
  ...overrides
})

/** The cast: ada and grace are signed in, asleep is signed out, banned is banned; ghost is nobody. */
export const cast: ReadonlyArray<Identity> = [
  identity("ada"),
  identity("grace"),
  identity("asleep", { sessionId: undefined }),
  identity("banned", { banned: true })
]

/** `Identities` in memory; every question asked is kept in `asked`. */
export const identitiesMemory = (asked: Array<IdentityQuery> = [], identities = cast) =>
  Layer.succeed(Identities, {
    find: (query) =>
      Effect.sync(() => {
        asked.push(query)
        const email = query.email && Redacted.value(query.email)
        const token = query.sessionToken && Redacted.value(query.sessionToken)
        const found = identities.find((identity) =>
          email === undefined ? `${identity.userId}-token` === token : identity.email === email
        )
        if (found === undefined) return undefined
        const fits =
          (query.sessionId === undefined || query.sessionId === found.sessionId) &&
          (token === undefined || token === `${found.userId}-token`)
        return fits ? found : { ...found, sessionId: undefined }
      })
  })

/** Everybody is signed in, with whatever session. */
export const everybodyLive = Layer.succeed(LiveSessions, { isLive: () => Effect.succeed(true) })

export const IdentitiesDown = Layer.succeed(Identities, {
  find: () => Effect.fail(new DbUnavailable({ operation: "test" }))
})

export const publicKeyOf = ({ alg, kid, publicJwk }: SigningKey): PublicKey => ({
  kid,
  jwk: publicJwk as Record<string, string>,
  alg,
  retiresAt: Infinity
})

export const keysOf = (...keys: ReadonlyArray<SigningKey>) =>
  Layer.succeed(KeySource, { load: Effect.succeed(keys.map(publicKeyOf)) })

export const KeysDown = Layer.succeed(KeySource, { load: Effect.fail(new KeysUnavailable()) })

export const Ready = Layer.succeed(Readiness, { missing: Effect.succeed([]) })

/** Collects every log line, as the JSON logger would print it. */
export const captureLogs = (lines: Array<string>) =>
  Logger.layer([Logger.map(Logger.formatJson, (line) => void lines.push(line))])
