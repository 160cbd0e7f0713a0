import { Effect, References, Stream } from "effect"
import { AiError, LanguageModel, Prompt, type Tool, type Toolkit } from "effect/ai"
import type { CurrentUser } from "../../auth/CurrentUser.ts"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import * as Answer from "../Answer.ts"
import { CurrentTurn } from "../CurrentTurn.ts"
import type { Turn } from "../Turn.ts"
import { ModelChoice } from "./ModelChoice.ts"
import { ModelRequest } from "./ModelRequest.ts"
import { logFailure, noAnswer, notAllowed, tooManyRounds, tooManyTokens } from "./ModelErrors.ts"
import {
  type AnyToolkit,
  failed,
  type ModelCall,
  type Outcome,
  problemOfParams,
  resultPart,
  runCalls
} from "./ModelTools.ts"
import type { Part, partsToEvents } from "./events/PartsToEvents.ts"
import { keptCalls } from "./prompt/KeptCalls.ts"
import { count, type Used } from "./usage/Used.ts"

/** The tool that the person chose. */
export interface FirstTool {
  readonly name: string
  /** Whether it runs at the provider. */
  readonly isHosted: boolean
}

export interface Run {
  readonly turn: Turn
  readonly parts: ReturnType<typeof partsToEvents>
  readonly toolkit: AnyToolkit | undefined
  readonly clientTools: Readonly<Record<string, Tool.Any>>
  readonly stopAt: ReadonlyArray<string>
  /** For the first request; in later ones the model chooses by itself. */
  readonly firstTool: FirstTool | undefined
  readonly fallback: string | undefined
  readonly temperature: number | undefined
  readonly rounds: number
  readonly turnTokens: number
  readonly used: Used
  /** The calls of earlier rounds. */
  readonly outcomes: ReadonlyArray<Outcome>
}

type Events = Stream.Stream<ResponseEventInput, unknown, LanguageModel.LanguageModel | CurrentUser>

/** Asks the model until it calls no more tools, and shows what it says. */
export const run = (options: Run, prompt: Prompt.Prompt): Events =>
  Stream.suspend(() => {
    const { firstTool, parts, used } = options
    const said: Array<Part> = []
    const tool = used.rounds === 0 ? firstTool : undefined
    used.rounds += 1
    return request(options, prompt, said, tool).pipe(
      Stream.ensuring(Effect.sync(() => count(used, prompt, said))),
      Stream.concat(Stream.unwrap(Effect.map(parts.finishText, Stream.fromIterable))),
      Stream.concat(Stream.unwrap(Effect.suspend(() => next(options, prompt, said))))
    )
  })

/** One request. A model that fails in passing before its first part is replaced by the fallback. */
const request = (
  options: Run,
  prompt: Prompt.Prompt,
  said: Array<Part>,
  tool: FirstTool | undefined
): Events => {
  const { clientTools, fallback, parts, temperature, toolkit, used } = options
  const tools: Toolkit.WithHandler<Record<string, Tool.Any>> = {
    tools: { ...toolkit?.tools, ...clientTools },
    handle: () => Effect.die("calls are run after the request")
  }
  // Calls come as the model wrote them: a wrong one is answered, where the library would give up.
  const asked = LanguageModel.streamText({
    prompt,
    toolkit: tools,
    toolChoice: tool === undefined || tool.isHosted ? "auto" : { tool: tool.name },
    disableToolCallResolution: true,
    toolCallValidation: "deferred"
  }) as Stream.Stream<Part, unknown, LanguageModel.LanguageModel>
  return asked.pipe(
    Stream.provideService(ModelRequest, {
      // A provider without `ModelChoice` knows its own model.
      model: used.model === ModelChoice.defaultValue().model ? undefined : used.model,
      temperature,
      maxOutputTokens: undefined,
      hostedTool: tool?.isHosted === true ? tool.name : undefined
    }),
    // What the model said may be in the error of a span.
    Stream.provideService(References.TracerEnabled, false),
    Stream.mapEffect((part) => {
      said.push(part)
      return part.type === "error" ? Effect.fail(errorOf(part.error)) : parts.next(part)
    }),
    Stream.flattenIterable,
    Stream.catch((error) => {
      const isLost = !AiError.isAiError(error) || !error.isRetryable || said.length > 0
      if (isLost || fallback === undefined || fallback === used.model) return Stream.fail(error)
      const logged = logFailure(error, used.model)
      used.model = fallback
      return Stream.unwrap(Effect.as(logged, request(options, prompt, said, tool)))
    })
  )
}

/** An error without words of ours is one of the provider's. */
const errorOf = (error: unknown): AiError.AiError =>
  AiError.isAiError(error)
    ? error
    : AiError.make({
        module: "effect-chatkit",
        method: "streamText",
        reason: new AiError.InternalProviderError({ description: "the model reported an error" })
      })

/** Goes on after a request: with the page's tool, with the next round, or with the end. */
const next = Effect.fnUntraced(function* (
  options: Run,
  prompt: Prompt.Prompt,
  said: ReadonlyArray<Part>
) {
  const { clientTools, parts, rounds, stopAt, toolkit, turn, turnTokens, used } = options
  const calls = said.flatMap((part): ReadonlyArray<ModelCall> =>
    part.type === "tool-call" && !part.providerExecuted ? [part] : []
  )
  const reason = said.findLast((part) => part.type === "finish")?.reason
  if (reason === "content-filter") return Stream.fail(notAllowed)
  if (calls.length === 0) return parts.isEmpty() ? Stream.fail(noAnswer) : Stream.empty

  const problems = new Map<ModelCall, string>()
  let ofPage: ModelCall | undefined
  for (const call of calls) {
    const tool = Object.hasOwn(clientTools, call.name) ? clientTools[call.name] : undefined
    const isCut = reason === "length"
    const problem = isCut ? "The call was cut off." : tool && problemOfParams(tool, call.params)
    if (problem !== undefined) problems.set(call, problem)
    else if (tool === undefined) continue
    else if (ofPage === undefined) ofPage = call
    else problems.set(call, "The page runs one tool at a time. Call this one again.")
  }
  const here = calls.filter((call) => call !== ofPage)
  const sound = here.filter((call) => !problems.has(call))
  const outcomes = yield* Effect.provideService(runCalls(toolkit, sound), CurrentTurn, turn)
  const results = here.map((call) => {
    const problem = problems.get(call)
    return problem === undefined ? outcomes[sound.indexOf(call)]! : failed(call, problem)
  })
  const known = [...options.outcomes, ...results]
  if (ofPage !== undefined) {
    const kept = known.length === 0 ? Stream.empty : Answer.hidden(turn, keptCalls(known))
    return Stream.concat(kept, clientCall(turn, ofPage))
  }
  if (outcomes.some(({ isFailure, name }) => !isFailure && stopAt.includes(name))) {
    return Stream.empty
  }
  if (used.rounds >= rounds) return Stream.fail(tooManyRounds)
  if (used.inputTokens + used.outputTokens >= turnTokens) return Stream.fail(tooManyTokens)
  // Pictures are shown to the model again in the next turn.
  const kept = said.filter(({ type }) => type !== "file")
  const answered = Prompt.fromResponseParts([...kept, ...results.map(resultPart)])
  return run({ ...options, outcomes: known }, Prompt.concat(prompt, answered))
})

/** The page runs the tool after the turn. */
const clientCall = (turn: Turn, { id, name, params }: ModelCall) =>
  Answer.clientToolCall(turn, {
    name,
    call_id: id,
    arguments: params as Parameters<typeof Answer.clientToolCall>[1]["arguments"]
  })
