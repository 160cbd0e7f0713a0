import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { LinkKey } from "../../../../src/attachments/LinkKey.ts"
import { DbUnavailable } from "../../../../src/core/Errors.ts"
import { create, exec, Stores } from "../../../support/postgres/AttachmentFixtures.ts"

layer(Stores, { excludeTestServices: true })("LinkKeyPg", (it) => {
  it.effect("loads the key from the database once", () =>
    Effect.gen(function* () {
      const { key } = yield* LinkKey
      const first = yield* key
      const [row] = yield* exec("select value from chatkit.secrets where name = 'attachment_links'")
      assert.strictEqual(Redacted.value(first), row?.["value"])
      assert.match(Redacted.value(first), /^[\w-]{43}$/)
      yield* exec("delete from chatkit.secrets")
      assert.strictEqual(yield* key, first)
    })
  )

  it.effect("answers a missing key with an outage", () =>
    Effect.gen(function* () {
      // The schema is made when it is used for the first time.
      yield* create()
      yield* exec("delete from chatkit.secrets")
      const { key } = yield* LinkKey
      assert.deepStrictEqual(
        yield* Effect.flip(key),
        new DbUnavailable({ operation: "LinkKey.key" })
      )
    }).pipe(Effect.provide(Layer.fresh(Stores)))
  )
})
