import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto"

/** Tokens are signed as Better Auth does: by an Ed25519 key of `jwks`, or by the shared secret. */
export interface Keys {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicJwk: string
  readonly secret: string
}

export type Algorithm = "EdDSA" | "HS256"

export const issuer = "http://127.0.0.1:3000"

export const makeKeys = (): Keys => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  return {
    kid: "bench-key",
    privateKey,
    publicJwk: JSON.stringify(publicKey.export({ format: "jwk" })),
    secret: randomBytes(32).toString("base64")
  }
}

const encoded = (value: object | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** A token of the `jwt()` plugin for the user of this number; `claims` replace the usual ones. */
export const mint = (keys: Keys, algorithm: Algorithm, user: number, claims: object = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const header =
    algorithm === "HS256" ? { alg: algorithm, typ: "JWT" } : { alg: algorithm, kid: keys.kid }
  const payload = {
    iat: now,
    name: `User ${user}`,
    email: `user${user}@example.com`,
    emailVerified: true,
    image: null,
    id: `u${user}`,
    sub: `u${user}`,
    exp: now + 86_400,
    iss: issuer,
    aud: issuer,
    ...claims
  }
  const text = `${encoded(header)}.${encoded(payload)}`
  const signature =
    algorithm === "HS256"
      ? createHmac("sha256", keys.secret).update(text).digest()
      : sign(null, Buffer.from(text), keys.privateKey)
  return `${text}.${signature.toString("base64url")}`
}

/** A good token with one byte of its signature changed. */
export const forged = (keys: Keys, algorithm: Algorithm, user: number) => {
  const [header, payload, signature = ""] = mint(keys, algorithm, user).split(".")
  const bytes = Buffer.from(signature, "base64url")
  bytes[5] = (bytes[5] ?? 0) ^ (1 + (user % 255))
  return `${header}.${payload}.${bytes.toString("base64url")}`
}

export const expired = (keys: Keys, algorithm: Algorithm, user: number) => {
  const now = Math.floor(Date.now() / 1000)
  return mint(keys, algorithm, user, { iat: now - 7200, exp: now - 3600 })
}

export const garbage = (user: number) => encoded(`garbage ${user}, not a token at all`)

/** A token with `alg: none` and an empty signature. */
export const unsigned = (keys: Keys, user: number) => {
  const [, payload] = mint(keys, "EdDSA", user).split(".")
  return `${encoded({ alg: "none", typ: "JWT" })}.${payload}.`
}

/** The k-th of users all over the table, in an order that no index has. */
export const spread = (k: number, users: number) => 1 + ((k * 7919) % users)
