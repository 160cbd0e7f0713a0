import { Deferred, Effect } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { sseBytes } from "./ModelServer.ts"

/** The way in which a model's server treats one request; without events its head never comes. */
export interface Reply {
  readonly status?: number
  readonly events?: ReadonlyArray<unknown>
  /** The answer ends after its events. */
  readonly ends?: boolean
}

export const silent: Reply = {}
export const refused: Reply = { status: 503, events: [], ends: true }
export const whole = (...events: ReadonlyArray<unknown>): Reply => ({ events, ends: true })
export const stalled = (...events: ReadonlyArray<unknown>): Reply => ({ events })

/** A client of HTTP without a network that knows which of its requests are open. */
export const modelConnections = (replyTo: (model: string) => Reply) => {
  const asked: Array<string> = []
  const open = new Set<number>()
  const waiting = new Map<number, Deferred.Deferred<void>>()
  const client = HttpClient.make((request, _url, signal) =>
    Effect.suspend(() => {
      const { body } = request.body as unknown as { readonly body: Uint8Array }
      const { model } = JSON.parse(new TextDecoder().decode(body)) as { readonly model: string }
      const id = asked.push(model)
      const { ends = false, events, status = 200 } = replyTo(model)
      const close = () => void open.delete(id)
      if (!ends) open.add(id)
      signal.addEventListener("abort", close)
      const reached = waiting.get(id)
      if (reached !== undefined) Deferred.doneUnsafe(reached, Effect.void)
      if (events === undefined) return Effect.onInterrupt(Effect.never, () => Effect.sync(close))
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(sseBytes(...events))
          if (ends) controller.close()
        },
        cancel: close
      })
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(stream, { status })))
    })
  )
  return {
    client,
    /** The models that were asked, in order. */
    asked,
    isOpen: () => open.size > 0,
    /** Done when so many requests were made. */
    reached: (count: number) =>
      Effect.suspend(() => {
        if (asked.length >= count) return Effect.void
        const deferred = waiting.get(count) ?? Deferred.makeUnsafe<void>()
        waiting.set(count, deferred)
        return Deferred.await(deferred)
      })
  }
}
