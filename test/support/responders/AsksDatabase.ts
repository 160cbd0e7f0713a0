import { Effect, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Answer, Responder } from "effect-chatkit"

/** Counts in the database, which the server offers. */
export default Layer.effect(
  Responder,
  Effect.map(SqlClient.SqlClient, (sql) =>
    Responder.make({
      respond: (turn) =>
        Stream.unwrap(
          Effect.map(sql<{ sum: number }>`select 40 + 2 as sum`, ([row]) =>
            Answer.say(turn, `The sum is ${row?.sum}`)
          )
        )
    })
  )
)
