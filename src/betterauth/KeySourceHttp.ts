import { Effect, Layer, Schema, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { KeySource, maxKeys, type PublicKey, publicJwk } from "../auth/KeySource.ts"
import { KeysUnavailable } from "../auth/Errors.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"

/** Milliseconds and bytes a key endpoint may take; a real answer is a few hundred bytes. */
const patience = 1_400
const largest = 256 * 1024

const KeySet = Schema.fromJsonString(
  Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)) })
)

/**
 * The keys from Better Auth's key endpoint (RFC 7517 §5), for a Better Auth whose tables are out
 * of reach. Whatever goes wrong there is an outage: it says nothing about anybody's token.
 */
export const KeySourceHttp = (url: URL) =>
  Layer.effect(
    KeySource,
    Effect.gen(function* () {
      const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
      const budget = (yield* LogBudget).make("keys unavailable", 60)
      return {
        load: client.execute(HttpClientRequest.get(url)).pipe(
          Effect.flatMap(({ stream }) => text(stream)),
          Effect.flatMap(Schema.decodeEffect(KeySet)),
          Effect.map(({ keys }) => keys.slice(0, maxKeys).flatMap(asKey)),
          Effect.timeout(patience),
          Effect.scoped,
          // A redirect would let whoever answers there choose the keys.
          Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
          Effect.catch((error) =>
            Effect.andThen(
              budget.log("Warn", "keys unavailable", () => ({
                host: url.host,
                reason: error._tag
              })),
              Effect.fail(new KeysUnavailable())
            )
          )
        )
      }
    })
  )

class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {}) {}

const text = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  stream.pipe(
    Stream.runFoldEffect(
      () => ({ size: 0, chunks: [] as Array<Uint8Array> }),
      ({ chunks, size }, chunk) => {
        const grown = size + chunk.length
        return grown > largest
          ? Effect.fail(new TooLarge())
          : Effect.succeed({ size: grown, chunks: [...chunks, chunk] })
      }
    ),
    Effect.map(({ chunks }) => Buffer.concat(chunks).toString("utf8"))
  )

const asKey = (entry: Readonly<Record<string, unknown>>): ReadonlyArray<PublicKey> => {
  const { alg, kid } = entry
  const jwk = publicJwk(entry)
  if (jwk === undefined || typeof kid !== "string") return []
  return [{ kid, jwk, alg: typeof alg === "string" ? alg : undefined, retiresAt: Infinity }]
}
