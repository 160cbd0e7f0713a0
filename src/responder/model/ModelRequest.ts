import { Context } from "effect"

/** What one request to a model asks for beside its prompt and tools. Providers read it. */
export const ModelRequest = Context.Reference<{
  /** Undefined: the model that `MODEL` names. */
  readonly model: string | undefined
  /** Undefined: as many as the model likes. */
  readonly maxOutputTokens: number | undefined
  /** Undefined: the model's own. */
  readonly temperature: number | undefined
}>("effect-chatkit/responder/model/ModelRequest", {
  defaultValue: () => ({ model: undefined, maxOutputTokens: undefined, temperature: undefined })
})
