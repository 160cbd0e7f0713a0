import { createLocalJWKSet, type JWK, jwtVerify } from "jose"
import pg from "pg"

// jose and pg as their documentation shows them: the user first, then the session.
const { BETTER_AUTH_ISSUER: issuer = "", BETTER_AUTH_SECRET: secret = "" } = process.env

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 10 })
// Without a listener the process would end when an idle connection is cut.
pool.on("error", () => {})

const stored = await pool.query<{ id: string; publicKey: string }>(
  `select id, "publicKey" from jwks`
)
const keySet = createLocalJWKSet({
  keys: stored.rows.map(({ id, publicKey }) => ({ ...(JSON.parse(publicKey) as JWK), kid: id }))
})
const secretKey = new TextEncoder().encode(secret)

/** A request is answered with this status and this sentence. */
export class Refusal extends Error {
  readonly status: 401 | 404
  constructor(status: 401 | 404, message: string) {
    super(message)
    this.status = status
  }
}

const invalidToken = () => new Refusal(401, "Invalid or expired JWT token")

const verify = async (authorization: string | undefined) => {
  const [scheme, token] = authorization?.split(" ") ?? []
  if (scheme?.toLowerCase() !== "bearer" || token === undefined) throw invalidToken()
  try {
    const { payload } = await jwtVerify(
      token,
      (header, jws) => (header.alg === "HS256" ? secretKey : keySet(header, jws)),
      {
        algorithms: ["HS256", "EdDSA"],
        issuer,
        audience: issuer,
        requiredClaims: ["exp", "sub", "email"]
      }
    )
    return payload
  } catch {
    throw invalidToken()
  }
}

export interface Who {
  readonly userId: string
  readonly sessionId: string
}

/** The user and session behind an `Authorization` header; throws a `Refusal`. */
export const authenticate = async (authorization: string | undefined): Promise<Who> => {
  const { email, sub } = await verify(authorization)
  const users = await pool.query<{ id: string }>(`select id from "user" where email = $1`, [email])
  const user = users.rows[0]
  if (user === undefined) throw new Refusal(404, "User not found with provided email")
  if (user.id !== sub) throw invalidToken()
  const sessions = await pool.query<{ id: string }>(
    `select id from "session" where "userId" = $1 and "expiresAt" > now()
     order by "expiresAt" desc limit 1`,
    [user.id]
  )
  const session = sessions.rows[0]
  if (session === undefined) throw new Refusal(404, "No active sessions found for user")
  return { userId: user.id, sessionId: session.id }
}
