import { Effect, Layer, Redacted } from "effect"
import { LinkKey } from "../../attachments/LinkKey.ts"
import { DbUnavailable } from "../../core/Errors.ts"
import { chatKitTables } from "../ChatKitTables.ts"

/** `LinkKey` from the row that the migrations made. It is loaded once. */
export const LinkKeyPg = Layer.effect(
  LinkKey,
  Effect.map(chatKitTables, ({ run, sql }) => {
    let cached: Redacted.Redacted | undefined
    const load = Effect.gen(function* () {
      const [row] = yield* run(
        "LinkKey.key",
        sql<{ value: string }>`
          select value from chatkit.secrets where name = 'attachment_links'`
      )
      if (row === undefined) return yield* new DbUnavailable({ operation: "LinkKey.key" })
      cached = Redacted.make(row.value)
      return cached
    })
    return { key: Effect.suspend(() => (cached === undefined ? load : Effect.succeed(cached))) }
  })
)
