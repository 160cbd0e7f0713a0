import { isDeepStrictEqual } from "node:util"
import { body, path } from "./Load.ts"
import type { Running } from "./Servers.ts"
import { expired, forged, garbage, issuer, type Keys, mint, unsigned } from "./Tokens.ts"

const refused = { error: "Invalid or expired JWT token", status: 401 }
const unknownUser = { error: "User not found with provided email", status: 404 }
const noSession = { error: "No active sessions found for user", status: 404 }

const unavailable = { error: "Service temporarily unavailable", status: 503 }

/** Every kind of token there is an answer for, with the answer. */
const casesFor = (keys: Keys, algorithm: "EdDSA" | "HS256") =>
  [
    ["a good token", mint(keys, algorithm, 7), 200, { text: "u7 s7-2" }],
    ["a forged token", forged(keys, algorithm, 7), 401, refused],
    ["an expired token", expired(keys, algorithm, 7), 401, refused],
    ["garbage", garbage(7), 401, refused],
    ["an unsigned token", unsigned(keys, 7), 401, refused],
    [
      "another issuer",
      mint(keys, algorithm, 7, { iss: "http://127.0.0.1:4000", aud: "http://127.0.0.1:4000" }),
      401,
      refused
    ],
    ["another audience", mint(keys, algorithm, 7, { aud: `${issuer}/other` }), 401, refused],
    ["somebody else's id", mint(keys, algorithm, 7, { sub: "u8", id: "u8" }), 401, refused],
    [
      "an unknown user",
      mint(keys, algorithm, 7, { email: "nobody@example.com" }),
      404,
      unknownUser
    ],
    ["a user without a live session", mint(keys, algorithm, 0), 404, noSession]
  ] as const

const ask = async (url: string, token: string) => {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body,
    signal: AbortSignal.timeout(10_000)
  })
  const text = await response.text()
  try {
    return { status: response.status, text, answer: JSON.parse(text) as unknown }
  } catch {
    return { status: response.status, text, answer: undefined }
  }
}

const assertAnswer = async (
  { server, url }: Running,
  name: string,
  token: string,
  status: number,
  answer: object
) => {
  const got = await ask(url, token)
  const whole = status !== 200 || server.statusOnly !== true
  if (got.status === status && (!whole || isDeepStrictEqual(got.answer, answer))) return
  throw new Error(
    `${server.name} answers ${name} with ${got.status} ${got.text.slice(0, 200)}, not with ${status} ${JSON.stringify(answer)}`
  )
}

/** What is compared must do the same: every server gives the same answers, or nothing is measured. */
export const assertAnswers = async (running: Running, keys: Keys): Promise<void> => {
  for (const algorithm of running.server.algorithms) {
    for (const [name, token, status, answer] of casesFor(keys, algorithm)) {
      await assertAnswer(running, `${name} (${algorithm})`, token, status, answer)
    }
  }
}

/** Nobody may be refused because the database is away. */
export const assertOutage = (running: Running, keys: Keys): Promise<void> => {
  const token = mint(keys, running.server.algorithms[0] ?? "EdDSA", 7)
  return assertAnswer(running, "a good token without a database", token, 503, unavailable)
}
