import { Context, type Effect, type Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"

/** The secret that links to attachments are signed with, the same for every server on a database. */
export class LinkKey extends Context.Service<
  LinkKey,
  { readonly key: Effect.Effect<Redacted.Redacted, DbUnavailable> }
>()("effect-chatkit/attachments/LinkKey") {}
