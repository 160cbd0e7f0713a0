import { Clock, Duration, Effect, Option, Redacted, Stream } from "effect"
import { AiError } from "effect/ai"
import { Sse } from "effect/encoding"
import {
  FetchHttpClient,
  HttpBody,
  HttpClient,
  HttpClientRequest,
  type HttpClientResponse
} from "effect/http"
import { ModelLimits } from "../ModelLimits.ts"
import {
  cutShort,
  notUnderstood,
  reasonOfStatus,
  silent,
  unreachable,
  wireError
} from "./WireErrors.ts"

/** A server of models: its base URL, without a slash at the end, and the key for it. */
export interface ModelServer {
  readonly url: string
  readonly apiKey: Redacted.Redacted | undefined
}

/** Characters of one event; a picture comes in one. */
const mostCharacters = 64 * 1024 * 1024

/** Characters that are read of the body of a refusal. */
const mostOfRefusal = 16 * 1024

/** Further attempts before the first event. */
const retries = 2

/** Milliseconds after an answer's last event in which its end may come: the connection is kept then. */
const ending = 1000

/** A request to the server, with the key that only this server may see. */
export const modelRequest = (
  { apiKey, url }: ModelServer,
  path: string,
  body: HttpBody.HttpBody
) => {
  const request = HttpClientRequest.post(`${url}${path}`).pipe(HttpClientRequest.setBody(body))
  return apiKey === undefined
    ? request
    : HttpClientRequest.bearerToken(request, Redacted.value(apiKey))
}

/**
 * Sends the request and gives the response, if its status is a success. No redirect is followed,
 * because it could lead the key elsewhere, and no id of a trace is sent along.
 */
export const execute = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, AiError.AiError> =>
  client.execute(request).pipe(
    Effect.provideService(HttpClient.TracerPropagationEnabled, false),
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
    Effect.mapError(unreachable),
    Effect.filterOrElse(
      ({ status }) => status >= 200 && status < 300,
      (response) =>
        Effect.flatMap(beginningOf(response), (text) =>
          Effect.fail(wireError(reasonOfStatus(response.status, response.headers, text)))
        )
    )
  )

/** A request for a streaming answer. */
export interface Question {
  readonly path: string
  readonly body: unknown
  /** Whether the answer is whole with this event; the usage may still follow. */
  readonly isLast: (event: unknown) => boolean
}

/**
 * The events of a streaming answer as parsed JSON. Before the first event a request that failed in
 * passing is repeated, within `ModelLimits.firstEvent` and not sooner than `Retry-After` asks for;
 * afterwards never. Silence for `ModelLimits.idle` is a failure, and comments do not count as an
 * event. A server that never ends a whole answer, or breaks it off, does no harm.
 */
export const modelEvents = (
  client: HttpClient.HttpClient,
  server: ModelServer,
  { body, isLast, path }: Question
): Stream.Stream<unknown, AiError.AiError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { firstEvent, idle } = yield* ModelLimits
      const clock = yield* Clock.Clock
      const deadline = clock.currentTimeMillisUnsafe() + firstEvent
      const request = modelRequest(server, path, HttpBody.jsonUnsafe(body)).pipe(
        HttpClientRequest.accept("text/event-stream")
      )
      let begun = false
      let isWhole = false
      const events = Stream.unwrap(Effect.map(execute(client, request), eventsOf)).pipe(
        Stream.mapArray((chunk) => {
          begun = true
          isWhole ||= chunk.some((event) => event === done || isLast(event))
          return chunk
        }),
        Stream.filter((event) => event !== done),
        // A stream without any event is as good as none.
        Stream.concat(Stream.suspend(() => (begun ? Stream.empty : Stream.fail(cutShort))))
      )
      const timeLeft = () => Math.max(0, deadline - clock.currentTimeMillisUnsafe())
      const attempt = (left: number): Stream.Stream<unknown, AiError.AiError> =>
        Stream.catchIf(
          events,
          (error) =>
            !begun && left > 0 && error.isRetryable && pause(error, retries - left) < timeLeft(),
          (error) =>
            Stream.unwrap(Effect.as(Effect.sleep(pause(error, retries - left)), attempt(left - 1)))
        )
      return withDeadlines(attempt(retries), () =>
        isWhole ? ending : begun ? idle : timeLeft()
      ).pipe(
        Stream.catchIf(
          () => isWhole,
          () => Stream.empty
        )
      )
    })
  )

/** Milliseconds: as many as the server asks for, or twice as many each time. */
const pause = ({ retryAfter }: AiError.AiError, attempts: number): number =>
  retryAfter === undefined ? 250 * 2 ** attempts : Duration.toMillis(retryAfter)

/** The mark with which chat completions end. */
const done = Symbol("[DONE]")

const withDeadlines = <A>(
  events: Stream.Stream<A, AiError.AiError>,
  left: () => number
): Stream.Stream<A, AiError.AiError> =>
  Stream.transformPull(events, (pull) =>
    Effect.succeed(
      Effect.suspend(() =>
        Effect.timeoutOrElse(pull, { duration: left(), orElse: () => Effect.fail(silent) })
      )
    )
  )

/** The data of server-sent events, parsed, with `done` for `[DONE]`: a server may close without it. */
const eventsOf = (
  response: HttpClientResponse.HttpClientResponse
): Stream.Stream<unknown, AiError.AiError> =>
  Stream.suspend(() => {
    let found: Array<unknown> = []
    let malformed = false
    const parser = Sse.makeParser(
      (event) => {
        if (event._tag !== "Event") return
        try {
          found.push(event.data.trim() === "[DONE]" ? done : JSON.parse(event.data))
        } catch {
          malformed = true
        }
      },
      { maxEventSize: mostCharacters }
    )
    const read = (text: string): Effect.Effect<ReadonlyArray<unknown>, AiError.AiError> => {
      const tooLarge = parser.feed(text) !== undefined
      const events = found
      found = []
      return tooLarge || malformed ? Effect.fail(notUnderstood) : Effect.succeed(events)
    }
    return response.stream.pipe(
      Stream.mapError(() => cutShort),
      Stream.decodeText,
      Stream.mapEffect(read),
      Stream.flattenIterable
    )
  })

/** The beginning of a refusal's body; empty when it cannot be read. */
const beginningOf = (response: HttpClientResponse.HttpClientResponse) =>
  response.stream.pipe(
    Stream.decodeText,
    Stream.scan(
      () => "",
      (all, text) => all + text
    ),
    Stream.takeUntil((all) => all.length >= mostOfRefusal),
    Stream.runLast,
    Effect.timeoutOption("2 seconds"),
    Effect.map((text) => Option.getOrElse(Option.flatten(text), () => "")),
    Effect.orElseSucceed(() => "")
  )
