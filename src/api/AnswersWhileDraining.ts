import { Context } from "effect"

/** Annotates an endpoint that goes on answering while the server stops; the others answer 503. */
export const AnswersWhileDraining = Context.Reference<boolean>(
  "effect-chatkit/api/AnswersWhileDraining",
  { defaultValue: () => false }
)
