import * as http from "node:http"
import { type CryptoKey, importJWK, type JWK, jwtVerify, type JWTHeaderParameters } from "jose"
import pg from "pg"

// A careful server without a framework: keys are imported once, one prepared join finds the person.
const { BETTER_AUTH_ISSUER: issuer = "", BETTER_AUTH_SECRET: secret = "" } = process.env

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 10 })
// Without a listener the process would end when an idle connection is cut.
pool.on("error", () => {})

const hmac = await crypto.subtle.importKey(
  "raw",
  new TextEncoder().encode(secret),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"]
)
const keys = new Map<string, CryptoKey | Uint8Array>()
const stored = await pool.query<{ id: string; publicKey: string; alg: string | null }>(
  `select id, "publicKey", alg from jwks`
)
for (const { alg, id, publicKey } of stored.rows) {
  keys.set(id, await importJWK(JSON.parse(publicKey) as JWK, alg ?? "EdDSA"))
}

const keyOf = ({ alg, kid }: JWTHeaderParameters) => {
  if (alg === "HS256") return hmac
  const key = keys.get(kid ?? "")
  if (key === undefined) throw new Error("unknown key")
  return key
}

const verification = {
  algorithms: ["HS256", "EdDSA"],
  issuer,
  audience: issuer,
  requiredClaims: ["exp", "sub"]
}

const claimsOf = async (authorization: string | undefined) => {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
  if (token === undefined) return undefined
  try {
    const { email, sub } = (await jwtVerify(token, keyOf, verification)).payload
    return typeof email === "string" ? { email, sub } : undefined
  } catch {
    return undefined
  }
}

const who = async (email: string) => {
  const found = await pool.query<{ userId: string; sessionId: string | null }>({
    name: "who",
    text: `
      select u.id as "userId", s.id as "sessionId"
      from "user" u
      left join lateral (
        select id from "session"
        where "userId" = u.id and "expiresAt" > now()
        order by "expiresAt" desc limit 1
      ) s on true
      where u.email = $1`,
    values: [email]
  })
  return found.rows[0]
}

type Answer = readonly [status: number, body: object]
const refusal = (status: number, error: string): Answer => [status, { error, status }]
const invalidToken = refusal(401, "Invalid or expired JWT token")
const badRequest = refusal(400, "Bad request")

const answer = async (request: http.IncomingMessage, body: Buffer): Promise<Answer> => {
  const { headers, method, url } = request
  if (method !== "POST" || url !== "/support/chatkit") return refusal(404, "Not found")
  const claims = await claimsOf(headers.authorization)
  if (claims === undefined) return invalidToken
  const person = await who(claims.email)
  if (person === undefined) return refusal(404, "User not found with provided email")
  if (person.userId !== claims.sub) return invalidToken
  if (person.sessionId === null) return refusal(404, "No active sessions found for user")
  const { type } = JSON.parse(body.toString()) as { readonly type?: unknown }
  return type === "input.transcribe"
    ? [200, { text: `${person.userId} ${person.sessionId}` }]
    : badRequest
}

const unavailable = refusal(503, "Service temporarily unavailable")
const failed = (error: unknown) => (error instanceof SyntaxError ? badRequest : unavailable)

const server = http.createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", async () => {
    const [status, body] = await answer(request, Buffer.concat(chunks)).catch(failed)
    const text = JSON.stringify(body)
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text)
    })
    response.end(text)
  })
})

server.listen(Number(process.env["PORT"]), "127.0.0.1")
