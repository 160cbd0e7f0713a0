import { Effect, Layer, Redacted } from "effect"
import { LinkKey } from "../attachments/LinkKey.ts"
import { DbUnavailable } from "../core/Errors.ts"
import { chatKitTables } from "./ChatKitTables.ts"

/** `LinkKey` as the migrations made it, read once. */
export const LinkKeyPg = Layer.effect(
  LinkKey,
  Effect.map(chatKitTables, ({ run, sql }) => {
    let known: Redacted.Redacted | undefined
    const read = Effect.gen(function* () {
      const [row] = yield* run(
        "LinkKey.key",
        sql<{ value: string }>`
          select value from chatkit.secrets where name = 'attachment_links'`
      )
      if (row === undefined) return yield* new DbUnavailable({ operation: "LinkKey.key" })
      known = Redacted.make(row.value)
      return known
    })
    return { key: Effect.suspend(() => (known === undefined ? read : Effect.succeed(known))) }
  })
)
