import { Context } from "effect"

/** The options of one request to a model, beside its prompt and tools. Providers read it. */
export const ModelRequest = Context.Reference<{
  /** Undefined: the model that `MODEL` names. */
  readonly model: string | undefined
  /** Undefined: as many as the model likes. */
  readonly maxOutputTokens: number | undefined
  /** Undefined: the model's own. */
  readonly temperature: number | undefined
  /** One of the provider's own tools, which the model has to use. Undefined: as the model likes. */
  readonly hostedTool: string | undefined
}>("effect-chatkit/responder/model/ModelRequest", {
  defaultValue: () => ({
    model: undefined,
    maxOutputTokens: undefined,
    temperature: undefined,
    hostedTool: undefined
  })
})
