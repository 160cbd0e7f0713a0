import { Effect, Redacted } from "effect"
import * as jose from "jose"
import { people } from "../dev/Demo.ts"
import * as DevKeys from "../dev/DevKeys.ts"
import type { SettingsShape } from "../settings/Settings.ts"
import { CommandFailed } from "./Exit.ts"

/** Seconds that a minted token is valid: long enough to paste it a few times. */
const lifetime = 60 * 60

/** Where the app that signs people in would be; its origin is what Better Auth puts into `iss`. */
const appOrigin = "http://localhost:3000"

/** A development token, with the issuer and the audience that these settings accept. */
export const mint = (who: string, settings: SettingsShape): Effect.Effect<string, CommandFailed> =>
  settings.databaseUrl === undefined ? mintForDemo(who, settings) : mintForUser(who, settings)

/** Signed as the jwt() plugin does, with the key that development keeps for the embedded database. */
const mintForDemo = (who: string, settings: SettingsShape) => {
  const person = people.find(({ email, name }) =>
    [email, name.toLowerCase()].includes(who.toLowerCase())
  )
  if (person === undefined && !who.includes("@")) {
    const names = people.map(({ name }) => name.toLowerCase()).join(", ")
    return new CommandFailed({ message: `No demo person has that name: try ${names}.` })
  }
  const { id, email, name } = person ?? { id: "nobody", email: who, name: who }
  return Effect.promise(async () => {
    const { jwk, kid } = await DevKeys.load()
    return claims({ id, name, email, emailVerified: true }, settings)
      .setSubject(id)
      .setProtectedHeader({ alg: "EdDSA", kid })
      .sign(await jose.importJWK({ ...jwk }, "EdDSA"))
  })
}

/** Signed with the shared secret, as an app itself may: the private keys stay with Better Auth. */
const mintForUser = (who: string, settings: SettingsShape) => {
  const { secret } = settings
  if (!who.includes("@")) {
    return new CommandFailed({
      message: "Give the e-mail of somebody in your user table: the demo people are not there."
    })
  }
  if (secret === undefined) {
    return new CommandFailed({
      message: "Set BETTER_AUTH_SECRET: tokens for your own database are signed with it."
    })
  }
  return Effect.promise(() =>
    claims({ email: who }, settings)
      .setSubject(who)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(new TextEncoder().encode(Redacted.value(secret)))
  )
}

const claims = (
  payload: jose.JWTPayload,
  { audience, issuers: [issuer = appOrigin] }: SettingsShape
) => {
  const now = Math.floor(Date.now() / 1000)
  return new jose.SignJWT(payload)
    .setIssuer(issuer)
    .setAudience(audience ?? issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetime)
}
