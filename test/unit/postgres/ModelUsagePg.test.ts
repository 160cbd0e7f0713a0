import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { UserId } from "../../../src/core/User.ts"
import { ModelUsage } from "../../../src/responder/model/usage/ModelUsage.ts"
import { modelUsage } from "../../contracts/ModelUsage.ts"
import { TestDatabase } from "../../support/Database.ts"
import { unique } from "../../support/postgres/SharedDatabase.ts"
import { StoreOnPostgreSQL } from "../../support/postgres/ThreadStores.ts"

layer(StoreOnPostgreSQL, { excludeTestServices: true })("ModelUsage in PostgreSQL", (it) => {
  modelUsage(it)

  it.effect("keeps the counts of a user for 400 days", () =>
    Effect.gen(function* () {
      const { add, tokensOf } = yield* ModelUsage
      const { exec } = yield* TestDatabase
      const user = UserId.make(unique("user"))
      const entry = (day: string) => ({ day, model: "one", inputTokens: 1, outputTokens: 0 })
      for (const day of ["2025-10-20", "2025-10-21", "2026-11-25"]) yield* add(user, entry(day))
      assert.strictEqual(yield* tokensOf(user, "2025-10-20"), 0)
      assert.strictEqual(yield* tokensOf(user, "2025-10-21"), 1)
      const rows = yield* exec(
        `select model, input_tokens::int as n from chatkit.model_usage where user_id = '${user}'`
      )
      assert.lengthOf(rows, 2)
    })
  )
})
