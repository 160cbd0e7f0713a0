import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, type Redacted } from "effect"
import {
  HttpBody,
  HttpClient,
  HttpClientRequest,
  type HttpClientResponse,
  HttpServerResponse
} from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { UpstreamApi } from "../../api/UpstreamApi.ts"
import { CurrentUser } from "../../auth/CurrentUser.ts"
import { RequestInfo } from "../../core/RequestInfo.ts"
import { openStreams } from "../../turns/OpenStreams.ts"
import { Draining } from "../Draining.ts"
import { badGateway, gatewayTimeout } from "../Refusals.ts"
import { assertionFor } from "./Assertion.ts"
import { answerHeaders, upstreamHeaders } from "./UpstreamHeaders.ts"
import { relayed } from "./UpstreamStream.ts"

export interface Upstream {
  readonly url: URL
  /** Signs the assertion; without it there is none. */
  readonly secret: Redacted.Redacted | undefined
  /** Milliseconds until the head of an answer. */
  readonly patience: number
  readonly streamsPerUser: number
}

/**
 * Answers with what another ChatKit server says: the body goes there and the answer comes back byte
 * for byte, with the person named in headers in place of the token.
 */
export const upstreamHttp = (upstream: Upstream) =>
  HttpApiBuilder.group(
    UpstreamApi,
    "support",
    Effect.fnUntraced(function* (handlers) {
      const client = yield* HttpClient.HttpClient
      const draining = yield* Draining
      const admit = openStreams(upstream.streamsPerUser)
      const assertion = assertionFor(upstream.secret, upstream.url)

      /** `undefined` for one that has not begun in time. */
      const ask = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
        const response = yield* client
          .execute(request)
          .pipe(
            Effect.provideService(HttpClient.TracerPropagationEnabled, false),
            Effect.timeoutOption(upstream.patience)
          )
        return response._tag === "None" ? gatewayTimeout : relay(response.value)
      })

      const relay = (response: HttpClientResponse.HttpClientResponse) => {
        const { headers, status } = response
        // A redirect would lead the person's name elsewhere.
        if (status < 200 || (status >= 300 && status < 400)) return badGateway
        const type = headers["content-type"] ?? ""
        const isEventStream = type.trim().toLowerCase().startsWith("text/event-stream")
        return HttpServerResponse.stream(relayed(response.stream, isEventStream, draining), {
          status,
          headers: {
            ...answerHeaders(headers),
            ...(isEventStream ? { "x-accel-buffering": "no" } : {})
          },
          contentType: type
        })
      }

      return handlers.handleRaw(
        "chatkit",
        Effect.fnUntraced(function* ({ request }) {
          const user = yield* CurrentUser
          const { requestId } = yield* RequestInfo
          yield* admit(user.userId)
          const bytes = new Uint8Array(yield* Effect.orDie(request.arrayBuffer))
          const type = request.headers["content-type"]
          const headers = upstreamHeaders(request.headers, user, requestId, yield* assertion(user))
          const asked = HttpClientRequest.post(upstream.url).pipe(
            HttpClientRequest.setBody(HttpBody.uint8Array(bytes, type ?? "application/json")),
            HttpClientRequest.setHeaders(headers)
          )
          return yield* ask(asked).pipe(
            Effect.catch((error) =>
              Effect.logWarning("upstream out of reach").pipe(
                Effect.annotateLogs({ reason: error.reason._tag }),
                Effect.as(badGateway)
              )
            )
          )
        })
      )
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
