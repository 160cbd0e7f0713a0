import { assert } from "@effect/vitest"
import { Redacted } from "effect"
import { type Claims, type Expected, parseClaims } from "../../../src/auth/tokens/Claims.ts"
import { judgeLifetime, parseLifetime } from "../../../src/auth/tokens/Lifetime.ts"
import { origin } from "../Tokens.ts"

export type Payload = Record<string, unknown>

/** Seconds since 1970 at which `read` reads. */
export const now = 1_800_000_000
const tolerance = 15

export const anyone: Expected = { issuers: [], audience: undefined }
export const ours: Expected = { issuers: [origin], audience: undefined }

/** Headers as Better Auth writes them. */
export const plugin = { alg: "EdDSA", kid: "key-1" }
export const hs256 = { alg: "HS256", kid: undefined }

const without = (payload: Payload) =>
  Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))

/** As the JWT plugin writes it; `undefined` takes a claim away. */
export const pluginPayload = (overrides: Payload = {}): Payload =>
  without({
    iat: now,
    name: "Ada",
    email: "ada@example.com",
    emailVerified: false,
    image: null,
    createdAt: "2026-11-22T07:00:39.692Z",
    updatedAt: "2026-11-22T07:00:39.692Z",
    id: "ada",
    sub: "ada",
    exp: now + 900,
    iss: origin,
    aud: origin,
    ...overrides
  })

/** As an application writes it that signs with `BETTER_AUTH_SECRET` itself. */
export const appPayload = (overrides: Payload = {}): Payload =>
  without({ sub: "ada", email: "ada@example.com", iat: now, exp: now + 900, ...overrides })

/** As the cookie cache writes it with `strategy: "jwt"`. */
export const cookiePayload = (
  overrides: Payload = {},
  session: Payload = {},
  user: Payload = {}
): Payload =>
  without({
    session: without({
      expiresAt: "2026-11-29T07:00:39.707Z",
      token: "b1AIG5VNkFgKMJfntAlV1lh4RzlususY",
      createdAt: "2026-11-22T07:00:39.707Z",
      updatedAt: "2026-11-22T07:00:39.707Z",
      ipAddress: "",
      userAgent: "",
      userId: "ada",
      id: "ada-session",
      ...session
    }),
    user: without({
      name: "Ada",
      email: "ada@example.com",
      emailVerified: false,
      image: null,
      id: "ada",
      ...user
    }),
    updatedAt: now * 1000,
    version: "1",
    iat: now,
    exp: now + 300,
    ...overrides
  })

export const read = (
  payload: Payload,
  header: { readonly alg: string; readonly kid: string | undefined } = plugin,
  expected = anyone
) => {
  const lifetime = parseLifetime(payload)
  if (typeof lifetime === "string") return lifetime
  return judgeLifetime(lifetime, now * 1000, tolerance) ?? parseClaims(payload, header, expected)
}

export const accepted = (claims: ReturnType<typeof parseClaims>): Claims => {
  if (typeof claims === "string") assert.fail(`refused: ${claims}`)
  return claims
}

export const emailOf = ({ email }: Claims) => email && Redacted.value(email)
