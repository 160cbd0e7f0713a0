import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { Migrations } from "../../../../src/postgres/Migrations.ts"
import { threadPages } from "../../../../src/postgres/threads/ThreadPages.ts"
import { UserId } from "../../../../src/core/User.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"

/** A few users with many threads, and a few threads with many items, as after a long time. */
const fill = `
insert into chatkit.threads (id, user_id, data)
select 'thr_' || n, 'user_' || n % 5, '{"id": "x"}' from generate_series(1, 4000) n;
insert into chatkit.items (thread_id, id, user_id, hidden, pending, data)
select 'thr_' || n % 8 + 1, 'item_' || n, 'user_' || (n % 8 + 1) % 5, n % 3 = 0, n % 2 = 0,
  json_build_object('id', 'item_' || n) from generate_series(1, 8000) n;
analyze chatkit.threads; analyze chatkit.items`

const user = UserId.make("user_2")

layer(StoreOnPostgreSQL, { excludeTestServices: true })("pages of lists", (it) => {
  it.effect("are read from an index in its own order, wherever they begin", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const schema = yield* Migrations
      const sql = yield* SqlClient.SqlClient
      yield* schema.ready
      yield* exec(fill)
      const pages = threadPages(sql)
      const plan = Effect.fnUntraced(function* (statement: Statement.Statement<unknown>) {
        const [text, parameters] = statement.compile()
        const rows = yield* sql.unsafe<{ "QUERY PLAN": string }>(`explain ${text}`, parameters)
        return rows.map((row) => row["QUERY PLAN"]).join("\n")
      })
      const uses = Effect.fnUntraced(function* (
        index: string,
        statement: Statement.Statement<unknown>
      ) {
        const text = yield* plan(statement)
        assert.match(text, new RegExp(`Index (Only )?Scan (Backward )?using ${index} on`))
        assert.notMatch(text, /Sort|Seq Scan|Bitmap/)
      })
      for (const order of ["asc", "desc"] as const) {
        const query = { order, limit: 20, after: null }
        for (const after of [undefined, "1500"]) {
          yield* uses("threads_of_user", pages.threads(user, query, after))
          for (const upTo of [undefined, "6000"]) {
            const items = (hidden: boolean) =>
              pages.items(user, "thr_2", { ...query, hidden }, { after, upTo })
            yield* uses("items_of_thread", items(true))
            yield* uses("visible_items_of_thread", items(false))
          }
        }
      }
      yield* uses("pending_items_of_thread", pages.pendingToolCalls(user, "thr_2"))
      const others = sql`
        select data from chatkit.threads where user_id = ${user} order by data->>'id' limit 21`
      assert.match(yield* plan(others), /Sort/)
    })
  )
})
