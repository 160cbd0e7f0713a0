import { Redacted } from "effect"
import * as jose from "jose"
import type { SettingsShape } from "../settings/Settings.ts"
import { people } from "../dev/Demo.ts"
import * as DevKeys from "../dev/DevKeys.ts"

/** Seconds a minted token lives: long enough to paste it a few times. */
const lifetime = 60 * 60

/** Where the app that signs people in would be; its origin is what Better Auth puts into `iss`. */
const appOrigin = "http://localhost:3000"

export const developmentOnly = "Tokens are minted in development only: unset NODE_ENV=production."

/** A token for development, or a sentence that says what is missing to make one. */
export const mint = async (
  who: string,
  settings: SettingsShape
): Promise<{ readonly token: string } | { readonly problem: string }> => {
  const issuer = settings.issuer ?? appOrigin
  const audience = settings.audience ?? issuer
  const now = Math.floor(Date.now() / 1000)
  const claims = (payload: jose.JWTPayload) =>
    new jose.SignJWT(payload)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)

  if (settings.databaseUrl === undefined) {
    const person = people.find(({ email, name }) =>
      [email, name.toLowerCase()].includes(who.toLowerCase())
    )
    if (person === undefined && !who.includes("@")) {
      return {
        problem: `No demo person has that name: try ${people.map(({ name }) => name.toLowerCase()).join(", ")}.`
      }
    }
    const { id, email, name } = person ?? { id: "nobody", email: who, name: who }
    const { jwk, kid } = await DevKeys.load()
    const key = await jose.importJWK({ ...jwk }, "EdDSA")
    const token = await claims({ id, name, email, emailVerified: true })
      .setSubject(id)
      .setProtectedHeader({ alg: "EdDSA", kid })
      .sign(key)
    return { token }
  }
  if (!who.includes("@")) {
    return {
      problem: "Give the e-mail of somebody in your user table: the demo people are not there."
    }
  }
  if (settings.secret === undefined) {
    return { problem: "Set BETTER_AUTH_SECRET: tokens for your own database are signed with it." }
  }
  const token = await claims({ email: who })
    .setSubject(who)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(Redacted.value(settings.secret)))
  return { token }
}
