import { isDeepStrictEqual } from "node:util"
import { Effect, Option, Schema } from "effect"
import { askAs } from "./Ask.ts"
import { BenchFailed } from "./Bench.ts"
import type { Running } from "./Running.ts"
import {
  type Algorithm,
  expired,
  forged,
  garbage,
  issuer,
  type Keys,
  mint,
  unsigned
} from "./Tokens.ts"

const refused = { error: "Invalid or expired JWT token", status: 401 }
const unknownUser = { error: "User not found with provided email", status: 404 }
const noSession = { error: "No active sessions found for user", status: 404 }
const unavailable = { error: "Service temporarily unavailable", status: 503 }

/** One token for every answer there is. */
const casesFor = (keys: Keys, algorithm: Algorithm) => {
  const token = (user: number, claims = {}) => mint(keys, algorithm, user, claims)
  const elsewhere = "http://127.0.0.1:4000"
  return [
    ["a good token", token(7), 200, { text: "u7 s7-2" }],
    ["a forged token", forged(keys, algorithm, 7), 401, refused],
    ["an expired token", expired(keys, algorithm, 7), 401, refused],
    ["garbage", garbage(7), 401, refused],
    ["an unsigned token", unsigned(keys, 7), 401, refused],
    ["another issuer", token(7, { iss: elsewhere, aud: elsewhere }), 401, refused],
    ["another audience", token(7, { aud: `${issuer}/other` }), 401, refused],
    ["another user's id", token(7, { sub: "u8", id: "u8" }), 401, refused],
    ["an unknown user", token(7, { email: "nobody@example.com" }), 404, unknownUser],
    ["a user without a live session", token(0), 404, noSession]
  ] as const
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const assertAnswer = Effect.fnUntraced(function* (
  { server, url }: Running,
  name: string,
  token: string,
  status: number,
  answer: object
) {
  const got = yield* askAs(url, token)
  const same =
    (status === 200 && server.statusOnly === true) ||
    isDeepStrictEqual(Option.getOrUndefined(decode(got.text)), answer)
  if (got.status === status && same) return
  return yield* new BenchFailed({
    message: `${server.name} answers ${name} with ${got.status} ${got.text.slice(0, 200)}, not with ${status} ${JSON.stringify(answer)}`
  })
})

/** Servers are compared only when they do the same: this one gives the answers it should. */
export const assertAnswers = Effect.fnUntraced(function* (running: Running, keys: Keys) {
  for (const algorithm of running.server.algorithms) {
    for (const [name, token, status, answer] of casesFor(keys, algorithm)) {
      yield* assertAnswer(running, `${name} (${algorithm})`, token, status, answer)
    }
  }
})

/** An unreachable database is an outage, never a refusal. */
export const assertOutage = (running: Running, keys: Keys) => {
  const token = mint(keys, running.server.algorithms[0] ?? "EdDSA", 7)
  return assertAnswer(running, "a good token without a database", token, 503, unavailable)
}
