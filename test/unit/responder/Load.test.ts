import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { load } from "../../../src/responder/Load.ts"

const folder = join(import.meta.dirname, "../../support/responders")

const outcome = (name: string) =>
  Effect.scoped(Layer.build(load<never>(name))).pipe(
    Effect.as("loaded"),
    Effect.catchTag("BadResponder", ({ message }) => Effect.succeed(message))
  )

describe("a module that RESPONDER names", () => {
  it.live("is built when its default export is a layer of Responder", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcome(join(folder, "Polite.ts")), "loaded")
    })
  )

  it.live("is told in one sentence what is wrong with it", () =>
    Effect.gen(function* () {
      for (const [file, sentence] of [
        ["Nowhere.ts", /^RESPONDER: .*Nowhere\.ts or something that it imports does not exist/],
        ["MissingImport.ts", /imports does not exist .*Nowhere\.ts/],
        ["NoDefault.ts", /NoDefault\.ts has no default export: export default a layer/],
        ["NoLayer.ts", /NoLayer\.ts is not a layer: make one/],
        ["OtherService.ts", /OtherService\.ts exports provides no Responder/],
        ["NeedsOther.ts", /NeedsOther\.ts needs app\/Other, which the server does not offer/],
        ["AsksModel.ts", /AsksModel\.ts asks for the model .*: set MODEL/],
        ["Fails.ts", /Fails\.ts did not start: .*no key for the shop/],
        ["Throws.ts", /Throws\.ts failed while it was loading: broken at the top/]
      ] as const) {
        const said = yield* outcome(join(folder, file))
        assert.match(said, sentence)
        assert.notInclude(said, "\n")
      }
      assert.match(yield* outcome("no-such-package"), /no-such-package.*does not exist/)
    })
  )
})
