import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { createMiddleware } from "hono/factory"
import { HTTPException } from "hono/http-exception"
import { createLocalJWKSet, type JWK, jwtVerify, type JWTPayload } from "jose"
import pg from "pg"

// Hono with jose and pg as its documentation shows them: the user first, then the session.
const { BETTER_AUTH_ISSUER: issuer = "", BETTER_AUTH_SECRET: secret = "" } = process.env

const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: Number(process.env["DATABASE_POOL_SIZE"] ?? "10")
})
pool.on("error", () => {})

const stored = await pool.query<{ id: string; publicKey: string }>(
  `select id, "publicKey" from jwks`
)
const keySet = createLocalJWKSet({
  keys: stored.rows.map(({ id, publicKey }) => ({ ...(JSON.parse(publicKey) as JWK), kid: id }))
})
const secretKey = new TextEncoder().encode(secret)

const invalidToken = () => new HTTPException(401, { message: "Invalid or expired JWT token" })

const verify = async (authorization: string | undefined): Promise<JWTPayload> => {
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

interface Variables {
  readonly userId: string
  readonly sessionId: string
}

const authenticate = createMiddleware<{ Variables: Variables }>(async (c, next) => {
  const { email, sub } = await verify(c.req.header("authorization"))
  const users = await pool.query<{ id: string }>(`select id from "user" where email = $1`, [email])
  const user = users.rows[0]
  if (user === undefined) {
    throw new HTTPException(404, { message: "User not found with provided email" })
  }
  if (user.id !== sub) throw invalidToken()
  const sessions = await pool.query<{ id: string }>(
    `select id from "session" where "userId" = $1 and "expiresAt" > now()
     order by "expiresAt" desc limit 1`,
    [user.id]
  )
  const session = sessions.rows[0]
  if (session === undefined) {
    throw new HTTPException(404, { message: "No active sessions found for user" })
  }
  c.set("userId", user.id)
  c.set("sessionId", session.id)
  await next()
})

const app = new Hono()

app.onError((error, c) => {
  if (error instanceof HTTPException) {
    return c.json({ error: error.message, status: error.status }, error.status)
  }
  return c.json({ error: "Service temporarily unavailable", status: 503 }, 503)
})

app.post("/support/chatkit", authenticate, async (c) => {
  const { type } = await c.req.json<{ readonly type?: unknown }>()
  if (type !== "input.transcribe") throw new HTTPException(400, { message: "Bad request" })
  return c.json({ text: `${c.get("userId")} ${c.get("sessionId")}` })
})

serve(
  { fetch: app.fetch, port: Number(process.env["PORT"] ?? "0"), hostname: "127.0.0.1" },
  ({ port }) => console.log(`listening on http://127.0.0.1:${port}`)
)
