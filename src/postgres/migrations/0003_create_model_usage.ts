import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Tokens of each user by day (UTC) and model. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    create table chatkit.model_usage (
      user_id text not null,
      day date not null,
      model text not null,
      input_tokens bigint not null,
      output_tokens bigint not null,
      primary key (user_id, day, model)
    )`
})
