import fastify, { type FastifyRequest } from "fastify"
import { createLocalJWKSet, type JWK, jwtVerify, type JWTPayload } from "jose"
import pg from "pg"

// Fastify with jose and pg as its documentation shows them: the user first, then the session.
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

class Refusal extends Error {
  readonly statusCode: number
  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

interface Who {
  readonly userId: string
  readonly sessionId: string
}

declare module "fastify" {
  interface FastifyRequest {
    who: Who | null
  }
}

const verify = async (request: FastifyRequest): Promise<JWTPayload> => {
  const [scheme, token] = request.headers.authorization?.split(" ") ?? []
  if (scheme?.toLowerCase() !== "bearer" || token === undefined) {
    throw new Refusal(401, "Invalid or expired JWT token")
  }
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
    throw new Refusal(401, "Invalid or expired JWT token")
  }
}

const authenticate = async (request: FastifyRequest) => {
  const { email, sub } = await verify(request)
  const users = await pool.query<{ id: string }>(`select id from "user" where email = $1`, [email])
  const user = users.rows[0]
  if (user === undefined) throw new Refusal(404, "User not found with provided email")
  if (user.id !== sub) throw new Refusal(401, "Invalid or expired JWT token")
  const sessions = await pool.query<{ id: string }>(
    `select id from "session" where "userId" = $1 and "expiresAt" > now()
     order by "expiresAt" desc limit 1`,
    [user.id]
  )
  const session = sessions.rows[0]
  if (session === undefined) throw new Refusal(404, "No active sessions found for user")
  request.who = { userId: user.id, sessionId: session.id }
}

const chatkit = async ({ who }: FastifyRequest) => ({ text: `${who?.userId} ${who?.sessionId}` })

const app = fastify()
app.decorateRequest("who", null)

app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
  const status = error.statusCode ?? 503
  const message = status === 503 ? "Service temporarily unavailable" : error.message
  return reply.code(status).send({ error: message, status })
})

app.post(
  "/support/chatkit",
  {
    preHandler: authenticate,
    schema: {
      body: {
        type: "object",
        required: ["type", "params"],
        properties: { type: { const: "input.transcribe" }, params: { type: "object" } }
      },
      response: { 200: { type: "object", properties: { text: { type: "string" } } } }
    }
  },
  chatkit
)

const address = await app.listen({
  port: Number(process.env["PORT"] ?? "0"),
  host: "127.0.0.1"
})
console.log(`listening on ${address}`)
