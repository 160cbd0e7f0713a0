import { Context } from "effect"

/** The models there are; the server sets them from its settings. */
export const ModelChoice = Context.Reference<{
  /** The name of the model that answers. */
  readonly model: string
  /** Names that `inference_options.model` may choose beside it. */
  readonly others: ReadonlyArray<string>
  /** Tools of the provider itself that `inference_options.tool_choice` may name. */
  readonly hostedTools: ReadonlyArray<string>
  /** Asked when the first fails before its first event. */
  readonly fallback: string | undefined
  /** Names new threads; undefined leaves them unnamed. */
  readonly title: string | undefined
}>("effect-chatkit/responder/model/ModelChoice", {
  defaultValue: () => ({
    model: "default",
    others: [],
    hostedTools: [],
    fallback: undefined,
    title: undefined
  })
})
