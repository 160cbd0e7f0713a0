import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { beginning, Command } from "../support/properties/Commands.ts"
import { perform, type World } from "../support/properties/PerformCommand.ts"
import { seeAll, seeThread } from "../support/properties/CompareWithModel.ts"
import { defectsIn, listOf, PropertyServer, upTo } from "../support/properties/PropertyServer.ts"

layer(PropertyServer.layer, { excludeTestServices: true })("whatever one person does", (it) => {
  it.effect.prop(
    "leaves the threads and items it has to, in their order, on pages of every size",
    [listOf(Command, 20, 40), upTo(8)],
    ([commands, limit]) =>
      Effect.gen(function* () {
        const { clear, logs } = yield* PropertyServer
        yield* clear
        const world: World = { threads: [], gone: [] }
        for (const command of [...beginning, ...commands]) {
          const thread = yield* perform(world, command)
          if (thread !== undefined) yield* seeThread(thread, null, ["asc"])
        }
        yield* seeAll(world, limit)
        const raised = (line: string) => line.includes("turn failed")
        assert.deepStrictEqual(
          defectsIn(logs).filter((line) => !raised(line)),
          []
        )
      }),
    { arbitrary: { runs: 12, size: 30, maxShrinks: 15 } }
  )
})
