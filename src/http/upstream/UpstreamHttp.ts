import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, type Redacted, Stream } from "effect"
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
import { requestBodies } from "../body/RequestBody.ts"
import { assertionFor } from "./Assertion.ts"
import { answerHeaders, upstreamHeaders } from "./UpstreamHeaders.ts"
import { relayed } from "./UpstreamStream.ts"

export interface Upstream {
  readonly url: URL
  /** Signs the assertion; without it there is none. */
  readonly secret: Redacted.Redacted | undefined
  /** Milliseconds until the head of an answer. */
  readonly patience: number
  /** Milliseconds that an answer may be silent once it has begun. */
  readonly idlePatience: number
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
      // An answer that nobody reads to its end is given up together with its request.
      const client = HttpClient.withScope(yield* HttpClient.HttpClient)
      const draining = yield* Draining
      const { read } = yield* requestBodies
      const admit = openStreams(upstream.streamsPerUser)
      const assertion = assertionFor(upstream.secret, upstream.url)

      /** Answers in place of the upstream server, and tells the operator why. */
      const refuse = (answer: HttpServerResponse.HttpServerResponse, reason: string) =>
        Effect.logWarning("upstream gave no answer").pipe(
          Effect.annotateLogs({ reason }),
          Effect.as(answer)
        )

      const ask = (request: HttpClientRequest.HttpClientRequest, leave: () => void) =>
        client.execute(request).pipe(
          Effect.provideService(HttpClient.TracerPropagationEnabled, false),
          Effect.timeoutOption(upstream.patience),
          Effect.flatMap((response) =>
            response._tag === "None"
              ? refuse(gatewayTimeout, "silent")
              : relay(response.value, leave)
          ),
          Effect.catch((error) => refuse(badGateway, error.reason._tag))
        )

      const relay = (response: HttpClientResponse.HttpClientResponse, leave: () => void) => {
        const { headers, status } = response
        // A redirect would lead the person's name elsewhere.
        if (status < 200 || (status >= 300 && status < 400)) return refuse(badGateway, "redirect")
        const type = headers["content-type"] ?? ""
        const isEventStream = type.trim().toLowerCase().startsWith("text/event-stream")
        const body = relayed(response.stream, {
          isEventStream,
          patience: upstream.idlePatience,
          draining
          // The place is free before the client sees the end.
        }).pipe(Stream.ensuring(Effect.sync(leave)))
        return Effect.succeed(
          HttpServerResponse.stream(body, {
            status,
            headers: answerHeaders(headers, isEventStream),
            contentType: type
          })
        )
      }

      return handlers.handleRaw(
        "chatkit",
        Effect.fnUntraced(function* ({ request }) {
          const user = yield* CurrentUser
          const { requestId } = yield* RequestInfo
          const leave = yield* Effect.acquireRelease(admit(user.userId), Effect.sync)
          const { bytes } = yield* read(request)
          const type = request.headers["content-type"]
          const headers = upstreamHeaders(request.headers, user, requestId, yield* assertion(user))
          const asked = HttpClientRequest.post(upstream.url).pipe(
            HttpClientRequest.setBody(HttpBody.uint8Array(bytes, type ?? "application/json")),
            HttpClientRequest.setHeaders(headers)
          )
          return yield* ask(asked, leave)
        })
      )
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
