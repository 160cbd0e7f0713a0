import { Effect } from "effect"
import pg from "pg"
import { TestDatabase } from "../Database.ts"

/** Lets no assistant's item be stored while somebody holds the advisory lock 17. */
export const gate = `
create or replace function chatkit.gate() returns trigger language plpgsql as $$ begin
  if new.data ->> 'type' = 'assistant_message' then perform pg_advisory_xact_lock_shared(17); end if;
  return new;
end $$;
create trigger gate before insert on chatkit.items for each row execute function chatkit.gate();`

/** Somebody else's transaction that has run `sql` and ends when released, or with the scope. */
export const hold = (sql: string) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const client = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const client = new pg.Client({ connectionString: url! })
        await client.connect()
        await client.query(`begin; ${sql}`)
        return client
      }),
      (client) => Effect.promise(() => client.end())
    )
    const release = Effect.asVoid(Effect.promise(() => client.query("rollback")))
    return { release }
  })

/** Closes the gate; the effect inside opens it. */
export const holdGate = hold("select pg_advisory_xact_lock(17)")
