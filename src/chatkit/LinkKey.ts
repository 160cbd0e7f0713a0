import { Context, type Effect, type Redacted } from "effect"
import type { DbUnavailable } from "../domain/Errors.ts"

/** The secret that links to attachments are signed with, the same for every server on a database. */
export class LinkKey extends Context.Service<
  LinkKey,
  { readonly key: Effect.Effect<Redacted.Redacted, DbUnavailable> }
>()("effect-chatkit/chatkit/LinkKey") {}
