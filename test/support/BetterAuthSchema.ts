/** Better Auth 1.7's own migration on PostgreSQL, `jwt` plugin included. */
export const betterAuthTables = `
create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" boolean not null, "image" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
create table "session" ("id" text not null primary key, "expiresAt" timestamptz not null, "token" text not null unique, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz default CURRENT_TIMESTAMP not null, "ipAddress" text, "userAgent" text, "userId" text not null references "user" ("id") on delete cascade);
create table "jwks" ("id" text not null primary key, "publicKey" text not null, "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz, "alg" text, "crv" text);
create index "session_userId_idx" on "session" ("userId");
`

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** The cast: ada is signed in, grace too, asleep's session has expired, ghost has no row at all. */
export const people = `
insert into "user" ("id", "name", "email", "emailVerified") values
  ('ada', 'Ada', 'ada@example.com', true),
  ('grace', 'Grace', 'grace@example.com', true),
  ('asleep', 'Asleep', 'asleep@example.com', true);
insert into "session" ("id", "userId", "token", "expiresAt") values
  ('ada-session', 'ada', 'ada-session-token-of-32-letters0', now() + interval '7 days'),
  ('grace-session', 'grace', 'grace-session-token-of-32-letter', now() + interval '7 days'),
  ('asleep-session', 'asleep', 'asleep-session-token-of-32-lette', now() - interval '1 hour');
`

/** A row of the `jwks` table. */
export const jwksRow = (
  kid: string,
  publicJwk: object,
  alg: string | null = null,
  expiresAt = "null"
) => `
insert into "jwks" ("id", "publicKey", "privateKey", "createdAt", "expiresAt", "alg")
values (${quoted(kid)}, ${quoted(JSON.stringify(publicJwk))}, 'none', now(), ${expiresAt}, ${alg === null ? "null" : quoted(alg)});
`
