import { Context, type Effect, type Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"

/** The secret that signs links to attachments. All servers on one database share it. */
export class LinkKey extends Context.Service<
  LinkKey,
  { readonly key: Effect.Effect<Redacted.Redacted, DbUnavailable> }
>()("effect-chatkit/attachments/LinkKey") {}
