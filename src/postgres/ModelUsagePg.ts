import { Effect, Layer } from "effect"
import { ModelUsage } from "../responder/model/usage/ModelUsage.ts"
import { chatKitTables } from "./ChatKitTables.ts"

/** Days that a count is kept. */
const kept = 400

/** `ModelUsage` in PostgreSQL, a row for each user, day and model. */
export const ModelUsagePg = Layer.effect(
  ModelUsage,
  Effect.map(chatKitTables, ({ run, runRepeatable, sql }) => ({
    add: Effect.fn("ModelUsage.add")(function* (userId, { day, inputTokens, model, outputTokens }) {
      yield* run(
        "ModelUsage.add",
        sql`
            with old as (
              delete from chatkit.model_usage
              where user_id = ${userId} and day < ${day}::date - ${kept}::int)
            insert into chatkit.model_usage as known
              (user_id, day, model, input_tokens, output_tokens)
            values (${userId}, ${day}::date, ${model}, ${inputTokens}::bigint,
              ${outputTokens}::bigint)
            on conflict (user_id, day, model) do update
            set input_tokens = known.input_tokens + excluded.input_tokens,
              output_tokens = known.output_tokens + excluded.output_tokens`
      )
    }),
    tokensOf: Effect.fn("ModelUsage.tokensOf")(function* (userId, day) {
      const [row] = yield* runRepeatable(
        "ModelUsage.tokensOf",
        sql<{ tokens: number }>`
          select coalesce(sum(input_tokens + output_tokens), 0)::float8 as tokens
          from chatkit.model_usage where user_id = ${userId} and day = ${day}::date`
      )
      return row?.tokens ?? 0
    })
  }))
)
