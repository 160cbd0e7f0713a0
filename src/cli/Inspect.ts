import { Effect, Layer, References } from "effect"
import { errorTable } from "../api/ErrorTable.ts"
import { authentication, storage } from "../App.ts"
import { Identities } from "../auth/Identities.ts"
import { type AuthenticationError, Authenticator } from "../auth/Authenticator.ts"
import { shapeOf } from "../auth/tokens/Jws.ts"
import { KeySource } from "../auth/KeySource.ts"
import { SigningKeys } from "../auth/SigningKeys.ts"
import * as Database from "../postgres/Pool.ts"
import { KeysUnavailable } from "../auth/Errors.ts"
import type { SettingsShape } from "../settings/Settings.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"
import * as Demo from "../dev/Demo.ts"
import * as DevKeys from "../dev/DevKeys.ts"
import { explain, relative, unverified } from "./Explanation.ts"

/**
 * Says what a token is and what the server would do with it and why, by running the code that
 * decides it in the server. The key endpoint is never asked. Where the database does not answer,
 * the result says that it is undecided.
 */
export const inspect = Effect.fnUntraced(function* (
  text: string,
  settings: SettingsShape,
  keys = Effect.promise(DevKeys.load)
) {
  const token = text.trim().replace(/^bearer( +|$)/i, "")
  const now = Math.floor(Date.now() / 1000)
  const { effective, sources } = yield* sourcesOf(settings, keys)
  const verdict = Effect.flatMap(Authenticator, ({ authenticate }) =>
    Effect.match(authenticate([`Bearer ${token}`]), {
      onFailure: (error) => `${outcome(error, settings)}: ${explain(error, token, effective, now)}`,
      onSuccess: ({ sessionId, userId }) =>
        `The server would accept it, as user ${userId} in session ${sessionId}.`
    })
  ).pipe(
    Effect.provide(authentication(effective).pipe(Layer.provide(sources))),
    Effect.provideService(References.MinimumLogLevel, "None")
  )
  return [kindOf(token), ...facts(token, now), yield* verdict].map(escaped).join("\n")
})

/** Spells control, format (bidi) and separator characters of a line as JSON does, so that a token cannot steer a terminal. */
const escaped = (line: string): string =>
  line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`
    ).join("")
  )

const notAsked = Layer.succeed(KeySource, { load: Effect.fail(new KeysUnavailable()) })

/** The sources of users and keys that the server would use, except for the key endpoint. */
const sourcesOf = Effect.fnUntraced(function* (
  settings: SettingsShape,
  devKeys: Effect.Effect<DevKeys.DevKeys>
) {
  const { databaseUrl, jwksUrl } = settings
  if (databaseUrl !== undefined) {
    const database = Database.layer({ url: databaseUrl, poolSize: 1 })
    const stored = storage(settings, database, jwksUrl === undefined ? undefined : notAsked)
    return { effective: settings, sources: Layer.provide(stored, LogBudget.layer) }
  }
  // A running server has locked the embedded database, but the demo people are known without it.
  const keys = yield* devKeys
  const source = jwksUrl === undefined ? Layer.succeed(KeySource, Demo.keySource(keys)) : notAsked
  return {
    effective: Demo.settings(settings, keys),
    sources: Layer.merge(
      Layer.provide(SigningKeys.layer, source),
      Layer.succeed(Identities, Demo.identities(keys))
    )
  }
})

const outcome = ({ _tag }: AuthenticationError, { jwksUrl }: SettingsShape): string => {
  if (_tag === "KeysUnavailable" && jwksUrl !== undefined) return "Undecided here"
  const { status } = errorTable[_tag]
  return status < 500
    ? `The server would refuse it with ${status}`
    : `Undecided, a server in this state would answer ${status}`
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const kindOf = (token: string): string => {
  if (token === "") return "There is nothing to inspect: the token is empty."
  if (/^\S+@\S+$/.test(token)) {
    return "This is an e-mail address, not a token."
  }
  if (uuid.test(token) || /^\d+$/.test(token) || Demo.people.some(({ id }) => id === token)) {
    return "This is an id, most likely a user id, not a token: ids are not secret and do not log anybody in."
  }
  const { header } = unverified(token)
  const shape = token.split(".").length === 3 ? undefined : shapeOf(token)
  switch (shape) {
    case "opaque_token":
      return /^[A-Za-z0-9]{32}$/.test(token)
        ? "This is a raw session token or a user id (both have 32 letters and digits), not a JWT."
        : "This is not a JWT: it has no dots."
    case "session_token":
      return "alg" in header
        ? "This is a JWT without its last part, the signature."
        : "This is a session token with its signature, not a JWT."
    case "encrypted_token":
      return "This is an encrypted token (JWE), most likely Better Auth's session cookie."
    default:
      return "alg" in header
        ? `This is a JWT, signed with ${String(header["alg"])}${"kid" in header ? `, key ${String(header["kid"])}` : ""}.`
        : "This is not a JWT, or it is a damaged one."
  }
}

const facts = (token: string, now: number): ReadonlyArray<string> => {
  const { payload } = unverified(token)
  const claims = ["iss", "aud", "sub", "email", "sid"].flatMap((name) =>
    name in payload ? [`  ${name}: ${JSON.stringify(payload[name])}`] : []
  )
  const times = (["iat", "nbf", "exp"] as const).flatMap((name) =>
    name in payload ? [`  ${name}: ${relative(payload[name], now)}`] : []
  )
  return [...claims, ...times]
}
