import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { type CryptoKey, importJWK, type JWK, jwtVerify, type JWTHeaderParameters } from "jose"
import pg from "pg"

// What a careful person writes by hand: no framework, keys imported once, one prepared join.
const { BETTER_AUTH_ISSUER: issuer = "", BETTER_AUTH_SECRET: secret = "" } = process.env

const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: Number(process.env["DATABASE_POOL_SIZE"] ?? "10")
})
// Without a listener a cut idle connection ends the process.
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
    const { payload } = await jwtVerify(token, keyOf, verification)
    const { email, sub } = payload
    return typeof email === "string" ? { email, sub } : undefined
  } catch {
    return undefined
  }
}

interface Who {
  readonly userId: string
  readonly sessionId: string | null
}

const who = async (email: string) => {
  const found = await pool.query<Who>({
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
const userNotFound = refusal(404, "User not found with provided email")
const noSession = refusal(404, "No active sessions found for user")
const unavailable = refusal(503, "Service temporarily unavailable")
const badRequest = refusal(400, "Bad request")
const notFound = refusal(404, "Not found")

const answer = async (request: http.IncomingMessage, body: Buffer): Promise<Answer> => {
  if (request.method !== "POST" || request.url !== "/support/chatkit") return notFound
  const claims = await claimsOf(request.headers.authorization)
  if (claims === undefined) return invalidToken
  const person = await who(claims.email)
  if (person === undefined) return userNotFound
  if (person.userId !== claims.sub) return invalidToken
  if (person.sessionId === null) return noSession
  const { type } = JSON.parse(body.toString()) as { readonly type?: unknown }
  return type === "input.transcribe"
    ? [200, { text: `${person.userId} ${person.sessionId}` }]
    : badRequest
}

const send = (response: http.ServerResponse, [status, body]: Answer) => {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text)
  })
  response.end(text)
}

const server = http.createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    answer(request, Buffer.concat(chunks)).then(
      (answered) => send(response, answered),
      (error: unknown) => send(response, error instanceof SyntaxError ? badRequest : unavailable)
    )
  })
})

server.listen(Number(process.env["PORT"] ?? "0"), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
