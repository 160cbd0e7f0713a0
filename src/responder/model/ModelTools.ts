import { Cause, Deferred, Effect, Stream } from "effect"
import type { Tool, Toolkit } from "effect/ai"

/** Any tools with their handlers: the type of a toolkit is invariant, so no other type fits all. */
export type AnyToolkit = Toolkit.WithHandler<any>

/** The model reads this when a handler has a bug; the log has its cause. */
const failed = {
  result: "The tool failed.",
  encodedResult: "The tool failed.",
  isFailure: true,
  preliminary: false
}

/** Nobody reads it: the call ends the turn, and the page sends the output in the next one. */
const handedOver = { result: null, encodedResult: null, isFailure: false, preliminary: false }

/**
 * One toolkit of the tools that run here and of those that run in the page. A defect of a handler
 * becomes a failed result, so that it costs no more than this one call. A handler begins once
 * `reached` says that all that the model said before its call is shown.
 */
export const guarded = (
  server: AnyToolkit | undefined,
  client: Readonly<Record<string, Tool.Any>>,
  reached: (callId: string) => Effect.Effect<void>
): AnyToolkit => ({
  tools: { ...server?.tools, ...client },
  handle: (name, params, id, options) => {
    if (Object.hasOwn(client, name)) return Effect.succeed(Stream.succeed(handedOver))
    if (server === undefined) return Effect.succeed(Stream.succeed(failed))
    return Effect.andThen(
      id === undefined ? Effect.void : reached(id),
      server.handle(name, params, id, options)
    ).pipe(
      Effect.map((results) =>
        Stream.catchCause(results, (cause) =>
          Cause.hasDies(cause) && !Cause.hasInterrupts(cause)
            ? Stream.fromEffect(
                Effect.logError("tool failed", cause).pipe(
                  Effect.annotateLogs({ tool: name }),
                  Effect.as(failed)
                )
              )
            : Stream.failCause(cause)
        )
      )
    )
  }
})

/** The calls of one request: each is a gate that opens when its part has been shown. */
export const callGates = () => {
  const gates = new Map<string, Deferred.Deferred<void>>()
  const gateOf = (id: string) => {
    const gate = gates.get(id) ?? Deferred.makeUnsafe<void>()
    gates.set(id, gate)
    return gate
  }
  return {
    reached: (id: string) => Effect.suspend(() => Deferred.await(gateOf(id))),
    open: (id: string) => Deferred.doneUnsafe(gateOf(id), Effect.void)
  }
}
