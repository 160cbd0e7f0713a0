import { Effect, Stream } from "effect"
import { AiError, LanguageModel, Prompt, type Tool } from "effect/ai"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import * as Answer from "../Answer.ts"
import { CurrentTurn } from "../CurrentTurn.ts"
import type { Turn } from "../Turn.ts"
import { ModelRequest } from "./ModelRequest.ts"
import { tooManyRounds, tooManyTokens } from "./ModelErrors.ts"
import { type AnyToolkit, callGates, guarded } from "./ModelTools.ts"
import type { Part, partsToEvents } from "./PartsToEvents.ts"

/** How much one answer has used. */
export interface Used {
  model: string
  rounds: number
  inputTokens: number
  outputTokens: number
}

export interface Run {
  readonly turn: Turn
  readonly parts: ReturnType<typeof partsToEvents>
  readonly toolkit: AnyToolkit | undefined
  readonly clientTools: Readonly<Record<string, Tool.Any>>
  readonly stopAt: ReadonlyArray<string>
  /** For the first request; later ones choose by themselves. */
  readonly toolChoice: "auto" | { readonly tool: string }
  readonly fallback: string | undefined
  readonly temperature: number | undefined
  readonly rounds: number
  readonly turnTokens: number
  readonly used: Used
}

type Events = Stream.Stream<ResponseEventInput, unknown, LanguageModel.LanguageModel>

/** Asks the model until it calls no more tools, and shows what it says. */
export const run = (options: Run, prompt: Prompt.Prompt): Events =>
  Stream.suspend(() => {
    const { used } = options
    const said: Array<Part> = []
    const isFirst = used.rounds === 0
    used.rounds += 1
    return request(options, prompt, said, isFirst).pipe(
      Stream.concat(Stream.unwrap(Effect.map(options.parts.finishText, Stream.fromIterable))),
      Stream.concat(Stream.suspend(() => next(options, prompt, said)))
    )
  })

/** One request. A model that fails in passing before its first part is replaced by the fallback. */
const request = (
  options: Run,
  prompt: Prompt.Prompt,
  said: Array<Part>,
  isFirst: boolean
): Events => {
  const { clientTools, fallback, parts, temperature, toolChoice, turn, used } = options
  const calls = callGates()
  const toolkit = guarded(options.toolkit, clientTools, calls.reached)
  const asked = Stream.suspend(() =>
    LanguageModel.streamText({
      prompt,
      toolkit,
      toolChoice: isFirst ? toolChoice : "auto"
    })
  ).pipe(
    Stream.provideService(ModelRequest, {
      model: used.model,
      temperature,
      maxOutputTokens: undefined
    }),
    Stream.provideService(CurrentTurn, turn)
  ) as Stream.Stream<Part, unknown, LanguageModel.LanguageModel>
  return asked.pipe(
    Stream.mapEffect((part) => {
      said.push(part)
      if (part.type === "tool-call") calls.open(part.id)
      return part.type === "error" ? Effect.fail(part.error) : parts.next(part)
    }),
    Stream.flattenIterable,
    Stream.catchIf(
      (error) =>
        AiError.isAiError(error) &&
        error.isRetryable &&
        said.length === 0 &&
        fallback !== undefined &&
        fallback !== used.model,
      () =>
        Stream.suspend(() => {
          used.model = fallback!
          return request(options, prompt, said, isFirst)
        })
    )
  )
}

/** What follows a request: the page's turn, the next round, or the end. */
const next = (options: Run, prompt: Prompt.Prompt, said: ReadonlyArray<Part>): Events => {
  const { clientTools, rounds, stopAt, turn, turnTokens, used } = options
  for (const part of said) {
    if (part.type !== "finish") continue
    used.inputTokens += part.usage.inputTokens.total ?? 0
    used.outputTokens += part.usage.outputTokens.total ?? 0
  }
  const results = said.filter(
    (part) => part.type === "tool-result" && part.preliminary !== true && !part.providerExecuted
  )
  if (results.length === 0) return Stream.empty
  const call = said.find(
    (part) => part.type === "tool-call" && Object.hasOwn(clientTools, part.name)
  )
  if (call?.type === "tool-call") {
    return Answer.clientToolCall(turn, {
      name: call.name,
      call_id: call.id,
      arguments: call.params as Parameters<typeof Answer.clientToolCall>[1]["arguments"]
    })
  }
  if (results.some((part) => part.type === "tool-result" && stopAt.includes(part.name))) {
    return Stream.empty
  }
  if (used.rounds >= rounds) return Stream.fail(tooManyRounds)
  if (used.inputTokens + used.outputTokens >= turnTokens) return Stream.fail(tooManyTokens)
  return run(options, Prompt.concat(prompt, Prompt.fromResponseParts(said)))
}
