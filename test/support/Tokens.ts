import * as jose from "jose"

/** Where the tests' Better Auth would be: what its tokens have as `iss` and `aud`. */
export const origin = "https://app.example.com"

export const secret = "tests-only-tests-only-tests-only-tests-only"

export type Algorithm = "EdDSA" | "ES256" | "ES512" | "RS256" | "PS256"

/** A key pair as Better Auth's `jwt` plugin makes them. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly publicJwk: jose.JWK
  readonly privateKey: jose.CryptoKey
}

export const makeKey = async (
  alg: Algorithm = "EdDSA",
  kid = `key-${alg}`
): Promise<SigningKey> => {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true })
  return { kid, alg, publicJwk: await jose.exportJWK(publicKey), privateKey }
}

const nowInSeconds = () => Math.floor(Date.now() / 1000)

/** The payload of a plugin token for one of the cast; `null` takes a default claim away. */
export const pluginClaims = (
  person: string,
  overrides: Record<string, unknown> = {},
  now = nowInSeconds()
): jose.JWTPayload => {
  const claims: Record<string, unknown> = {
    iat: now,
    name: person,
    email: `${person}@example.com`,
    emailVerified: true,
    id: person,
    sub: person,
    exp: now + 900,
    iss: origin,
    aud: origin,
    ...overrides
  }
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null))
}

/** Signs like the `jwt` plugin: `alg` and `kid`, no `typ`. */
export const sign = (
  key: SigningKey,
  claims: jose.JWTPayload,
  header: Record<string, unknown> = {}
): Promise<string> =>
  new jose.SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey)

export const signHs256 = (
  claims: jose.JWTPayload,
  header: Record<string, unknown> = {},
  withSecret = secret
): Promise<string> =>
  new jose.SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(new TextEncoder().encode(withSecret))

const hmac = async (message: string, withSecret: string): Promise<Buffer> => {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(withSecret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"]
  )
  return Buffer.from(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(message)))
}

/** A compact JWS with whatever in it, signed with HMAC, for what no library would make. */
export const signRaw = async (
  header: unknown,
  payload: string,
  withSecret = secret
): Promise<string> => {
  const encode = (text: string) => Buffer.from(text).toString("base64url")
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`
  return `${input}.${(await hmac(input, withSecret)).toString("base64url")}`
}

/** The bearer plugin's signed session token. */
export const signSessionToken = async (token: string, withSecret = secret): Promise<string> =>
  `${token}.${(await hmac(token, withSecret)).toString("base64")}`
