import { Cause, Effect, Option, Result, Schema, Stream, Tracer } from "effect"
import { AiError, Response, type Tool } from "effect/ai"
import type { CurrentUser } from "../../auth/CurrentUser.ts"
import type { CurrentTurn } from "../CurrentTurn.ts"
import { CustomStreamError, StreamError } from "../StreamErrors.ts"

/** The services that every handler finds, and that no handler can run without. */
export type OfTheTurn = CurrentUser | CurrentTurn

/** Any tools with their handlers: the type of a toolkit is invariant, so no other type fits all. */
export interface AnyToolkit {
  readonly tools: Readonly<Record<string, Tool.Any>>
  readonly handle: (
    name: string,
    params: unknown,
    callId: string
  ) => Effect.Effect<
    Stream.Stream<Tool.HandlerResult<Tool.Any>, unknown, OfTheTurn>,
    unknown,
    OfTheTurn
  >
}

/** A call as the model wrote it, its parameters unchecked. */
export interface ModelCall {
  readonly id: string
  readonly name: string
  readonly params: unknown
}

/** A call together with the result that the model reads. */
export interface Outcome extends ModelCall {
  readonly isFailure: boolean
  readonly result: unknown
}

/** Handlers of one round that run at the same time. */
const concurrency = 8

export const failed = (call: ModelCall, result: string): Outcome => ({
  ...call,
  isFailure: true,
  result
})

/** Why the parameters do not fit, so that the model can call again; undefined when they fit. */
export const problemOfParams = (tool: Tool.Any, params: unknown): string | undefined => {
  if (!Schema.isSchema(tool.parametersSchema)) return undefined
  const decode = Schema.decodeUnknownResult(tool.parametersSchema as Schema.Codec<unknown>)
  const decoded = decode(params)
  return Result.isFailure(decoded) ? decoded.failure.message : undefined
}

/**
 * Runs the calls and gives what the model reads of each, in their order. A failure or a defect of a
 * handler costs no more than its call. A handler that fails with one of the `StreamErrors` ends the
 * answer with it.
 */
export const runCalls = (toolkit: AnyToolkit | undefined, calls: ReadonlyArray<ModelCall>) =>
  Effect.forEach(calls, (call) => runCall(toolkit, call), { concurrency })

const runCall = (
  toolkit: AnyToolkit | undefined,
  call: ModelCall
): Effect.Effect<Outcome, CustomStreamError | StreamError, OfTheTurn> => {
  const { id, name, params } = call
  const tool = Object.hasOwn(toolkit?.tools ?? {}, name) ? toolkit?.tools[name] : undefined
  if (toolkit === undefined || tool === undefined) {
    return Effect.succeed(failed(call, "There is no such tool."))
  }
  // Nobody is there to be asked: the page can ask in a client tool.
  if (tool.needsApproval !== undefined && tool.needsApproval !== false) {
    return Effect.succeed(failed(call, "This tool needs an approval that cannot be given here."))
  }
  return toolkit.handle(name, params, id).pipe(
    withoutSpan,
    Stream.unwrap,
    Stream.filter(({ preliminary }) => !preliminary),
    Stream.runLast,
    Effect.map(
      Option.match({
        onNone: () => failed(call, "The tool gave no result."),
        onSome: ({ encodedResult: result, isFailure }): Outcome => ({ ...call, isFailure, result })
      })
    ),
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => {
        const error = Cause.squash(cause)
        if (error instanceof CustomStreamError || error instanceof StreamError) {
          return Effect.fail(error)
        }
        if (AiError.isAiError(error) && error.reason._tag === "ToolParameterValidationError") {
          return Effect.succeed(failed(call, error.reason.description))
        }
        return Effect.as(logFailure(name, error), failed(call, "The tool failed."))
      }
    )
  ) as Effect.Effect<Outcome, CustomStreamError | StreamError, OfTheTurn>
}

/** Says what failed and where. Its message may hold what the person or the model said. */
const logFailure = (tool: string, error: unknown) => {
  const tag = (error as { readonly _tag?: unknown } | null | undefined)?._tag
  const at = error instanceof Error ? /^ +(at .+)$/m.exec(error.stack ?? "")?.[1] : undefined
  return Effect.annotateLogs(Effect.logError("tool failed"), {
    tool,
    failure: typeof tag === "string" ? tag : error instanceof Error ? error.name : typeof error,
    ...(at === undefined ? {} : { at })
  })
}

/** The library writes the parameters of a call to the current span, so there must be none. */
const withoutSpan = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.serviceOption(Tracer.ParentSpan), (parent) => {
    if (Option.isNone(parent)) return effect
    const { sampled, spanId, traceId } = parent.value
    const outside = Tracer.externalSpan({ sampled, spanId, traceId })
    return Effect.provideService(effect, Tracer.ParentSpan, outside)
  })

/** The part of the next prompt that answers a call. */
export const resultPart = ({ id, isFailure, name, result }: Outcome) =>
  Response.toolResultPart({
    id,
    name,
    isFailure,
    result,
    encodedResult: result,
    providerExecuted: false,
    preliminary: false
  })
