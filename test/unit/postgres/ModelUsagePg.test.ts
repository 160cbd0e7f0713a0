import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import { ModelUsage } from "../../../src/responder/model/usage/ModelUsage.ts"
import { ModelLimits } from "../../../src/responder/model/ModelLimits.ts"
import * as ModelResponder from "../../../src/responder/model/ModelResponder.ts"
import { modelUsage } from "../../contracts/ModelUsage.ts"
import { chatKit, create, stream } from "../../support/ChatKitService.ts"
import { TestDatabase } from "../../support/Database.ts"
import { unique } from "../../support/postgres/SharedDatabase.ts"
import { StoreOnPostgreSQL } from "../../support/postgres/ThreadStores.ts"
import { finish, scriptedModel, text } from "../../support/ScriptedModel.ts"
import type { Stores } from "../../support/ThreadFixtures.ts"

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

  it.effect("that is out of reach is an outage, in words for the person who asks", () =>
    Effect.gen(function* () {
      const { add, tokensOf } = yield* ModelUsage
      const { exec } = yield* TestDatabase
      const stores = Layer.succeedContext(yield* Effect.context<Stores | ModelUsage>())
      const answering = yield* Layer.build(
        chatKit(
          ModelResponder.layer().pipe(
            Layer.provide(scriptedModel([...text("Hello"), finish()]).layer),
            Layer.provide(stores),
            Layer.provide(
              Layer.succeed(ModelLimits, { ...ModelLimits.defaultValue(), dailyTokens: 100 })
            )
          ),
          stores
        )
      )
      const user = UserId.make(unique("user"))
      const day = "2026-11-25"
      yield* exec(`alter table chatkit.model_usage rename to elsewhere`)
      const events = yield* Effect.provide(stream(create("Hi"), user), answering)
      const counting = add(user, { day, model: "one", inputTokens: 1, outputTokens: 0 })
      const failures = [yield* Effect.flip(tokensOf(user, day)), yield* Effect.flip(counting)]
      yield* exec(`alter table chatkit.elsewhere rename to model_usage`)
      for (const failure of failures) assert.instanceOf(failure, DbUnavailable)
      assert.deepInclude(JSON.parse(events.at(-1)!), {
        type: "error",
        message: "This chat is not available right now. Please try again in a moment.",
        allow_retry: true
      })
      assert.include((yield* Effect.provide(stream(create("Hi"), user), answering)).join(), "Hello")
    })
  )
})
