import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Context, Effect, References } from "effect"
import { HttpMiddleware, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PublicUrl } from "../attachments/PublicUrl.ts"
import { TimeBudget } from "../core/TimeBudget.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { Draining } from "./Draining.ts"
import { answered, inOurWords, refusal } from "./Refusals.ts"
import { RequestContext, type RequestState, requestIdOf } from "./RequestContext.ts"

/** Routes that go on answering while the server stops. */
const always = /^\/(support\/health|healthz|readyz)\b/

/** ChatKit's client adds its own headers to every request, so the preflight must allow them. */
const allowedHeaders = [
  "authorization",
  "content-type",
  "accept-language",
  "chatkit-frame-instance-id"
]

/** The docs page is one file with its script inside; whatever else it might want to load, it may not. */
const pagePolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
  "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** What every request meets first and every answer last, wherever it comes from. */
export const Envelope = (options: {
  readonly allowsOrigin: (origin: string) => boolean
  readonly docs: boolean
  readonly publicUrl: string | undefined
}) => {
  const cors = HttpMiddleware.cors({
    allowedOrigins: (origin: string | undefined) =>
      origin !== undefined && options.allowsOrigin(origin),
    allowedMethods: ["GET", "POST", "PUT"],
    allowedHeaders,
    exposedHeaders: ["x-request-id"],
    maxAge: 600
  })
  return HttpRouter.middleware(
    Effect.gen(function* () {
      const draining = yield* Draining
      const timeouts = yield* Timeouts
      return (app) => {
        const working = cors(answered(app))
        const stopping = cors(Effect.succeed(refusal(503)))
        return Effect.withFiber((fiber) => {
          const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
          const state: RequestState = {
            requestId: requestIdOf(request.headers),
            user: undefined
          }
          const served = draining.begun() && !always.test(request.url) ? stopping : working
          return Effect.map(within(served, request, state), (response) =>
            finished(response, request, state)
          )
        })
      }

      function within<A, E, R>(
        effect: Effect.Effect<A, E, R>,
        request: HttpServerRequest.HttpServerRequest,
        state: RequestState
      ) {
        return Effect.updateContext(effect, (context: Context.Context<R>) =>
          context.pipe(
            Context.add(RequestContext, state),
            Context.add(TimeBudget, { left: timeouts.request }),
            Context.add(PublicUrl, () => options.publicUrl ?? originOf(request)),
            Context.add(References.CurrentLogAnnotations, { "request.id": state.requestId })
          )
        )
      }

      function finished(
        response: HttpServerResponse.HttpServerResponse,
        request: HttpServerRequest.HttpServerRequest,
        state: RequestState
      ) {
        const worded = inOurWords(response, request, state, options.docs)
        return HttpServerResponse.setHeaders(worded, {
          "x-request-id": state.requestId,
          "x-content-type-options": "nosniff",
          "cache-control": worded.headers["cache-control"] ?? "no-store",
          ...(isPage(worded) ? { "content-security-policy": pagePolicy } : {}),
          ...(draining.begun() || isUnread(request, worded) ? { connection: "close" } : {})
        })
      }
    }),
    { global: true }
  )
}

/** Where the browser seems to have found this server, unless the settings say it. */
const originOf = ({ headers }: HttpServerRequest.HttpServerRequest): string => {
  const protocol =
    headers["x-forwarded-proto"]?.split(",", 1)[0]?.trim() === "https" ? "https" : "http"
  const host = headers["x-forwarded-host"]?.split(",", 1)[0]?.trim() ?? headers["host"] ?? ""
  return URL.parse(`${protocol}://${host}`)?.origin ?? "http://localhost"
}

/** A refused body without a stated length may go on for ever: the connection ends with the answer. */
const isUnread = (
  request: HttpServerRequest.HttpServerRequest,
  { status }: HttpServerResponse.HttpServerResponse
) =>
  status >= 400 &&
  request.headers["transfer-encoding"] !== undefined &&
  !NodeHttpServerRequest.toIncomingMessage(request).complete

const isPage = ({ body }: HttpServerResponse.HttpServerResponse) =>
  "contentType" in body && body.contentType?.startsWith("text/html") === true

/** In development pages come from whatever port their dev server took. */
export const isLoopback = (origin: string): boolean => {
  const url = URL.parse(origin)
  return (
    url !== null &&
    ["http:", "https:"].includes(url.protocol) &&
    (url.hostname === "localhost" ||
      url.hostname.endsWith(".localhost") ||
      url.hostname === "[::1]" ||
      /^127(\.\d{1,3}){3}$/.test(url.hostname))
  )
}
