import { Effect, Layer, Schema, Stream } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  type HttpClientResponse
} from "effect/http"
import { KeySource, maxKeys, type PublicKey, publicJwk } from "../auth/KeySource.ts"
import { KeysUnavailable } from "../auth/Errors.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"

/** How long a key endpoint may take, in ms: less than a token waits for an unknown key. */
const timeout = 1_400
/** Largest body that is accepted, in bytes; a real one has a few hundred. */
const maxBytes = 256 * 1024

const KeySet = Schema.fromJsonString(
  Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)) })
)

/**
 * The keys from Better Auth's key endpoint (RFC 7517 §5), for when its `jwks` table cannot be used.
 * Every failure there is an outage, never a refusal of the token.
 */
export const keySourceHttp = (url: URL) =>
  Layer.effect(
    KeySource,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const budget = (yield* LogBudget).make("keys unavailable", 60)
      return {
        load: client.execute(HttpClientRequest.get(url)).pipe(
          Effect.tap(orRefuse),
          Effect.flatMap(({ stream }) => textOf(stream)),
          Effect.flatMap(Schema.decodeEffect(KeySet)),
          Effect.map(({ keys }) => keys.slice(0, maxKeys).flatMap(keysIn)),
          // Better Auth makes a key when it is asked for them: an empty set is another server's.
          Effect.filterOrElse(
            (keys) => keys.length > 0,
            () => new NoKeys()
          ),
          Effect.timeout(timeout),
          Effect.scoped,
          // A redirect would let another host choose the keys.
          Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
          Effect.catch((error) =>
            Effect.andThen(
              budget.log("Warn", "keys unavailable", () => ({
                host: url.host,
                path: url.pathname,
                reason: error._tag,
                ...(error._tag === "NotOk"
                  ? { status: error.status, location: error.location }
                  : {})
              })),
              Effect.fail(new KeysUnavailable())
            )
          )
        )
      }
    })
  )

class NoKeys extends Schema.TaggedError<NoKeys>()("NoKeys", {}) {}

/** The endpoint did not answer with success; `location` is where a redirect points, without query. */
class NotOk extends Schema.TaggedError<NotOk>()("NotOk", {
  status: Schema.Int,
  location: Schema.UndefinedOr(Schema.String)
}) {}

const orRefuse = ({ headers, status }: HttpClientResponse.HttpClientResponse) => {
  if (status >= 200 && status < 300) return Effect.void
  const target = URL.parse(headers["location"] ?? "")
  const location = target === null ? undefined : target.origin + target.pathname
  return new NotOk({ status, location })
}

class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {}) {}

const textOf = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  stream.pipe(
    Stream.runFoldEffect(
      () => ({ size: 0, chunks: [] as Array<Uint8Array> }),
      ({ chunks, size }, chunk) => {
        const grown = size + chunk.length
        return grown > maxBytes
          ? Effect.fail(new TooLarge())
          : Effect.succeed({ size: grown, chunks: [...chunks, chunk] })
      }
    ),
    Effect.map(({ chunks }) => Buffer.concat(chunks).toString("utf8"))
  )

const keysIn = (entry: Readonly<Record<string, unknown>>): ReadonlyArray<PublicKey> => {
  const { alg, kid } = entry
  const jwk = publicJwk(entry)
  if (jwk === undefined || typeof kid !== "string") return []
  return [{ kid, jwk, alg: typeof alg === "string" ? alg : undefined, retiresAt: Infinity }]
}
