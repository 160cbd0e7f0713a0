import { Context, type Effect } from "effect"

/** What keeps the server from doing its work right now: a sentence each, without secrets. */
export class Readiness extends Context.Service<
  Readiness,
  { readonly missing: Effect.Effect<ReadonlyArray<string>> }
>()("effect-chatkit/health/Readiness") {}
