import { Effect, Redacted } from "effect"
import type { Identities } from "../auth/Identities.ts"
import type { KeySource } from "../auth/KeySource.ts"
import { SessionId, UserId } from "../core/User.ts"
import type { SettingsShape } from "../settings/Settings.ts"
import type { DevKeys } from "./DevKeys.ts"

/** A person to try the server with: each kind of session gets a different answer. */
export interface DemoPerson {
  readonly id: string
  readonly name: string
  readonly email: string
  /** `none`: a token can name the person, who is not in the user table. */
  readonly session: "live" | "expired" | "none"
}

export const people: ReadonlyArray<DemoPerson> = [
  { id: "demo-ada", name: "Ada", email: "ada@example.com", session: "live" },
  { id: "demo-grace", name: "Grace", email: "grace@example.com", session: "live" },
  { id: "demo-asleep", name: "Asleep", email: "asleep@example.com", session: "expired" },
  { id: "demo-ghost", name: "Ghost", email: "ghost@example.com", session: "none" }
]

/** The tables that Better Auth 1.7's own migration creates on PostgreSQL. */
const tables = `
create table if not exists "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" boolean not null, "image" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
create table if not exists "session" ("id" text not null primary key, "expiresAt" timestamptz not null, "token" text not null unique, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null, "ipAddress" text, "userAgent" text, "userId" text not null references "user" ("id") on delete cascade);
create table if not exists "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null, "userId" text not null references "user" ("id") on delete cascade, "accessToken" text, "refreshToken" text, "idToken" text, "accessTokenExpiresAt" timestamptz, "refreshTokenExpiresAt" timestamptz, "scope" text, "password" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null);
create table if not exists "verification" ("id" text not null primary key, "identifier" text not null, "value" text not null, "expiresAt" timestamptz not null, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
create table if not exists "jwks" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, "alg" text, "crv" text);
create index if not exists "session_userId_idx" on "session" ("userId");
`

/** The session token of a demo person, who has one session. */
const tokenOf = (id: string, { kid }: DevKeys) => `${id}-${kid}`

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** SQL for Better Auth's tables and the demo people. Repeated, it only renews the sessions. */
export const seed = (keys: DevKeys): string => {
  const { jwk, kid } = keys
  const { crv, kty, x } = jwk
  const known = people.filter(({ session }) => session !== "none")
  return [
    tables,
    ...known.flatMap(({ email, id, name, session }) => [
      `insert into "user" ("id", "name", "email", "emailVerified")
       values (${[id, name, email].map(quoted).join(", ")}, true) on conflict do nothing;`,
      `insert into "session" ("id", "expiresAt", "token", "updatedAt", "userId")
       values (${quoted(`${id}-session`)}, now() + interval '${session === "live" ? "30 days" : "-1 day"}',
         ${quoted(tokenOf(id, keys))}, now(), ${quoted(id)})
       on conflict ("id") do update set "expiresAt" = excluded."expiresAt";`
    ]),
    `insert into "jwks" ("id", "publicKey", "privateKey", "createdAt", "alg", "crv")
     values (${quoted(kid)}, ${quoted(JSON.stringify({ kty, crv, x }))}, 'in dev-keys.json', now(), 'EdDSA', 'Ed25519')
     on conflict do nothing;`
  ].join("\n")
}

/** Adds a generated secret where none is set, so that HS256 tokens can be tried too. */
export const settings = (given: SettingsShape, { secret }: DevKeys): SettingsShape => ({
  ...given,
  secret: given.secret ?? Redacted.make(secret)
})

/** The key that the embedded database has, without opening it. */
export const keySource = ({ jwk, kid }: DevKeys): KeySource["Service"] => {
  const { crv, kty, x } = jwk
  const key = {
    kid,
    jwk: { crv, kty, x } as Record<string, string>,
    alg: "EdDSA",
    retiresAt: Infinity
  }
  return { load: Effect.succeed([key]) }
}

/** The demo people as the embedded database has them, without opening it. */
export const identities = (keys: DevKeys): Identities["Service"] => ({
  find: ({ email, sessionId, sessionToken }) => {
    const address = email && Redacted.value(email).toLowerCase()
    const token = sessionToken && Redacted.value(sessionToken)
    const person = people.find(
      ({ email, id, session }) =>
        session !== "none" &&
        (address === undefined ? tokenOf(id, keys) === token : email === address)
    )
    if (person === undefined) return Effect.undefined
    const { id, name, session } = person
    const live =
      session === "live" &&
      (sessionId === undefined || sessionId === `${id}-session`) &&
      (token === undefined || token === tokenOf(id, keys))
    return Effect.succeed({
      userId: UserId.make(id),
      email: person.email,
      name,
      banned: false,
      sessionId: live ? SessionId.make(`${id}-session`) : undefined
    })
  }
})
