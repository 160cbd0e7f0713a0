import { randomBytes } from "node:crypto"
import { resolve } from "node:path"
import pg from "pg"
import type { Cleanup } from "./Cleanup.ts"
import { run } from "./Processes.ts"
import type { Keys } from "./Tokens.ts"

/** Better Auth's own tables, as its generator writes them for PostgreSQL, still without indexes. */
export const tables = `
  create table "user" ("id" text not null, "name" text not null, "email" text not null,
    "emailVerified" boolean not null, "image" text,
    "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
    "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
  create table "session" ("id" text not null, "expiresAt" timestamptz not null,
    "token" text not null, "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
    "updatedAt" timestamptz default CURRENT_TIMESTAMP not null,
    "ipAddress" text, "userAgent" text, "userId" text not null);
  create table "jwks" ("id" text not null primary key, "publicKey" text not null,
    "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz,
    "alg" text, "crv" text);`

export const rows = (from: number, to: number) => `
  insert into "user" ("id", "name", "email", "emailVerified")
    select 'u' || i, 'User ' || i, 'user' || i || '@example.com', true
    from generate_series(${from}, ${to}) i;
  insert into "session" ("id", "expiresAt", "token", "ipAddress", "userAgent", "userId")
    select 's' || i || '-' || k, now() + interval '7 days' * k, 'token-' || md5(i::text || k),
      '127.0.0.1', 'bench', 'u' || i
    from generate_series(${from}, ${to}) i, generate_series(1, 2) k;`

/** Somebody who is known and whose only session is over. */
export const asleep = `
  insert into "user" ("id", "name", "email", "emailVerified")
    values ('u0', 'Asleep', 'user0@example.com', true);
  insert into "session" ("id", "expiresAt", "token", "userId")
    values ('s0-1', now() - interval '1 day', 'token-0', 'u0');`

export const indexes: ReadonlyArray<string> = [
  `alter table "user" add primary key ("id")`,
  `alter table "user" add unique ("email")`,
  `alter table "session" add primary key ("id")`,
  `alter table "session" add unique ("token")`,
  `create index "session_userId_idx" on "session" ("userId")`,
  `alter table "session" add foreign key ("userId") references "user" ("id") on delete cascade`
]

export const key = ({ kid, publicJwk }: Pick<Keys, "kid" | "publicJwk">) =>
  `insert into "jwks" values ('${kid}', '${publicJwk}', 'none', now(), null, 'EdDSA', 'Ed25519')`

const withClient = async <A>(url: string, use: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  // A connection that is cut fails the statement as well.
  client.on("error", () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

export interface ServerFacts {
  readonly version: string
  readonly settings: Readonly<Record<string, string>>
}

export const factsOf = (url: string): Promise<ServerFacts> =>
  withClient(url, async (client) => {
    const shown = async (name: string) => {
      const { rows } = await client.query<Record<string, string>>(`show ${name}`)
      return [name, rows[0]?.[name] ?? ""] as const
    }
    const settings = []
    for (const name of ["shared_buffers", "max_connections", "synchronous_commit"]) {
      settings.push(await shown(name))
    }
    const [, version] = await shown("server_version")
    return { version, settings: Object.fromEntries(settings) }
  })

/** A new database on that server, gone when the benchmark ends. */
export const createDatabase = async (server: string, cleanup: Cleanup): Promise<string> => {
  const name = `chatkit_bench_${randomBytes(6).toString("hex")}`
  let creating: Promise<unknown> = Promise.resolve()
  cleanup.add(async () => {
    // PostgreSQL finishes what it has begun, even when nobody waits for it any more.
    await creating.catch(() => {})
    await withClient(server, (client) =>
      client.query(`drop database if exists ${name} with (force)`)
    )
  })
  creating = withClient(server, (client) => client.query(`create database ${name}`))
  await creating
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

const chunk = 250_000

/** Rows first and indexes after them: at millions of rows the other order takes hours. */
export const fill = (
  url: string,
  users: number,
  keys: Keys,
  say: (text: string) => void
): Promise<void> =>
  withClient(url, async (client) => {
    await client.query(`set synchronous_commit = off; set maintenance_work_mem = '256MB'`)
    await client.query(tables)
    for (let from = 1; from <= users; from += chunk) {
      const to = Math.min(users, from + chunk - 1)
      await client.query(rows(from, to))
      if (users > chunk) say(`${to.toLocaleString("en")} of ${users.toLocaleString("en")} users`)
    }
    await client.query(asleep)
    for (const index of indexes) {
      if (users > chunk) say(index)
      await client.query(index)
    }
    await client.query(key(keys))
    await client.query("vacuum analyze")
    // Its writing should not fall into what is measured.
    await client.query("checkpoint").catch(() => {})
  })

/** Brings our own schema up to date, as `npm run migrate` does. */
export const migrate = (url: string, cleanup: Cleanup): Promise<string> =>
  run(
    {
      command: process.execPath,
      args: [resolve(import.meta.dirname, "../../src/cli/migrate.ts")],
      env: { DATABASE_URL: url }
    },
    60,
    cleanup
  )
