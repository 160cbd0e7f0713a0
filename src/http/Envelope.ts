import { Context, Effect, References } from "effect"
import { HttpMiddleware, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Surface } from "../api/UpstreamApi.ts"
import { RequestInfo } from "../core/RequestInfo.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { Draining } from "./Draining.ts"
import { answered, completed, routeNotFound, shuttingDown } from "./Refusals.ts"
import { localeOf, requestIdOf } from "./RequestHeaders.ts"
import { routesOf } from "./Routes.ts"

/** The outermost middleware: request id, CORS, time budget, and the headers of every answer. */
export const envelope = (options: {
  readonly allowsOrigin: (origin: string) => boolean
  /** Paths outside the contract, each answered to `GET`. */
  readonly pages: ReadonlyArray<string>
  readonly publicUrl: string | undefined
  /** Whether `X-Forwarded-Proto` and `X-Forwarded-Host` are a proxy's, and not a client's. */
  readonly trustProxy: boolean
  readonly api?: Surface
}) => {
  const cors = HttpMiddleware.cors({
    allowedOrigins: (origin: string | undefined) =>
      origin !== undefined && options.allowsOrigin(origin),
    allowedMethods: ["GET", "POST", "PUT"],
    // An allowed origin may send whatever it asks for: ChatKit's client and tracers add headers.
    allowedHeaders: [],
    exposedHeaders: ["x-request-id", "retry-after", "www-authenticate"],
    maxAge: 600
  })
  return HttpRouter.middleware(
    Effect.gen(function* () {
      const draining = yield* Draining
      const timeouts = yield* Timeouts
      const routes = routesOf(options.pages, options.api)
      return (app) => {
        const working = cors(answered(app))
        const stopping = cors(Effect.succeed(shuttingDown))
        const notThere = cors(Effect.succeed(routeNotFound))
        return Effect.withFiber((fiber) => {
          const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
          const info: RequestInfo = {
            requestId: requestIdOf(request.headers),
            locale: localeOf(request.headers["accept-language"]),
            publicUrl: () => options.publicUrl ?? originOf(request, options.trustProxy),
            left: timeouts.request,
            user: undefined,
            namedSession: undefined
          }
          const served =
            draining.begun() && !routes.answersWhileDraining(request.url)
              ? stopping
              : routes.isKnown(request.url)
                ? working
                : notThere
          return Effect.flatMap(within(served, info), (response) =>
            isUnread(request, response)
              ? Effect.map(restArrives, () => finished(response, request, info))
              : Effect.succeed(finished(response, request, info))
          )
        })
      }

      function within<A, E, R>(effect: Effect.Effect<A, E, R>, info: RequestInfo) {
        return Effect.updateContext(effect, (context: Context.Context<R>) =>
          context.pipe(
            Context.add(RequestInfo, info),
            Context.add(References.CurrentLogAnnotations, { "request.id": info.requestId })
          )
        )
      }

      function finished(
        response: HttpServerResponse.HttpServerResponse,
        request: HttpServerRequest.HttpServerRequest,
        info: RequestInfo
      ) {
        const answer = completed(response, request.url, info, routes.unrouted)
        return HttpServerResponse.setHeaders(answer, {
          "x-request-id": info.requestId,
          "x-content-type-options": "nosniff",
          "cache-control": answer.headers["cache-control"] ?? "no-store",
          ...(draining.begun() || isUnread(request, answer) ? { connection: "close" } : {})
        })
      }
    }),
    { global: true }
  )
}

/** The origin under which the client reached this server, as far as the headers show it. */
const originOf = (
  { headers }: HttpServerRequest.HttpServerRequest,
  trustProxy: boolean
): string => {
  const forwarded = (name: string) =>
    trustProxy ? headers[`x-forwarded-${name}`]?.split(",", 1)[0]?.trim() : undefined
  const protocol = forwarded("proto") === "https" ? "https" : "http"
  const host = forwarded("host") ?? headers["host"] ?? ""
  return URL.parse(`${protocol}://${host}`)?.origin ?? "http://localhost"
}

/** The rest of a body that came in one packet is read before the next turn of the event loop. */
const restArrives = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Whether a refused body is still arriving: it may take minutes or never end, so we hang up. */
const isUnread = (
  request: HttpServerRequest.HttpServerRequest,
  { status }: HttpServerResponse.HttpServerResponse
) => status >= 400 && "complete" in request.source && request.source.complete === false

/** Whether the origin is on this machine: in development a page may come from any port. */
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
