import { Effect } from "effect"
import { TestDatabase } from "../Database.ts"

/** Notes how many pieces each statement removes. */
const noting = `
  create table if not exists chatkit.removals (removed int);
  create or replace function chatkit.note_removal() returns trigger language plpgsql as $$ begin
    insert into chatkit.removals select count(*) from gone;
    return null;
  end $$;
  drop trigger if exists note_removal on chatkit.attachment_chunks;
  create trigger note_removal after delete on chatkit.attachment_chunks
    referencing old table as gone for each statement execute function chatkit.note_removal()`

/** Gives the attachment so many pieces, and notes from then on how they are removed. */
export const enlarge = Effect.fnUntraced(function* (id: string, pieces: number) {
  const { exec } = yield* TestDatabase
  yield* exec(`${noting};
    insert into chatkit.attachment_chunks (upload, n, attachment_id, bytes)
      select 'large-${id}', n, '${id}', 'abc' from generate_series(0, ${pieces - 1}) n;
    update chatkit.attachments set upload = 'large-${id}', length = 3 * ${pieces}
    where id = '${id}'`)
})

/** The pieces of these attachments, and how many of all pieces each statement has removed. */
export const remains = (ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { exec } = yield* TestDatabase
    const names = ids.map((id) => `'${id}'`).join()
    const [left] = yield* exec(
      `select count(*)::int as n from chatkit.attachment_chunks where attachment_id in (${names})`
    )
    const [noted] = yield* exec(`
      select max(removed)::int as most, sum(removed)::int as all from chatkit.removals`)
    return { left: left?.["n"], most: noted?.["most"], all: noted?.["all"] }
  })
