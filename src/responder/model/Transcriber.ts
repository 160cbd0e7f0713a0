import { Context, type Effect } from "effect"
import type { AiError } from "effect/ai"
import type { Dictation } from "../Responder.ts"

/** Turns dictation into text. */
export class Transcriber extends Context.Service<
  Transcriber,
  { readonly transcribe: (dictation: Dictation) => Effect.Effect<string, AiError.AiError> }
>()("effect-chatkit/responder/model/Transcriber") {}
