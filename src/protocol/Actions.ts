import { Effect, Schema } from "effect"
import { defaulted, Json, optional } from "./Lenient.ts"

/**
 * The action that a client sends when a person uses a widget. Other fields are ignored, because the
 * widget itself says how its action is handled.
 */
export const Action = Schema.Struct({
  type: Schema.String,
  payload: defaulted(Json, null)
})
export type Action = typeof Action.Type

/**
 * The action of a widget as the widget defines it. `ActionConfig.make` and the constructors of
 * components write every default, as the reference server does; decoding adds none. ChatKit's
 * client treats a missing `handler` as `server` and a missing `streaming` as true. An action with
 * `streaming: false` may arrive while an answer is streaming; one with `handler: "client"` stays in
 * the client.
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
