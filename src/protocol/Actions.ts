import { Effect, Schema } from "effect"
import { defaulted, Json, optional } from "./Lenient.ts"

/**
 * What a client sends when a widget is touched. Whatever else is in the request is ignored: how
 * an action is handled was the widget's to say.
 */
export const Action = Schema.Struct({
  type: Schema.String,
  payload: defaulted(Json, null)
})
export type Action = typeof Action.Type

/**
 * What a widget says about its action. `ActionConfig.make` and the constructors of components
 * write every default, as the reference server does; reading adds none. ChatKit's client takes a
 * missing `handler` as `server` and a missing `streaming` as true. With `streaming: false` the
 * action may come while an answer is streaming, and with `handler: "client"` it never comes.
 */
export const ActionConfig = Schema.Struct({
  type: Schema.String,
  payload: optional(Json),
  handler: optional(Schema.Literals(["server", "client"])).pipe(
    Schema.withConstructorDefault(Effect.succeed("server" as const))
  ),
  loadingBehavior: optional(Schema.Literals(["auto", "none", "self", "container"])).pipe(
    Schema.withConstructorDefault(Effect.succeed("auto" as const))
  ),
  streaming: optional(Schema.Boolean).pipe(Schema.withConstructorDefault(Effect.succeed(true)))
})
export type ActionConfig = typeof ActionConfig.Type
