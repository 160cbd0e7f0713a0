import { Effect, Layer } from "effect"
import { KeySource, type PublicKey } from "../../../src/auth/KeySource.ts"
import { SigningKeys } from "../../../src/auth/SigningKeys.ts"
import type { DbUnavailable } from "../../../src/core/Errors.ts"
import type { KeysUnavailable } from "../../../src/auth/Errors.ts"
import { publicKeyOf } from "../Doubles.ts"
import { makeKey } from "../Tokens.ts"

type Load = Effect.Effect<ReadonlyArray<PublicKey>, KeysUnavailable | DbUnavailable>

interface Source {
  loads: number
  answer: Load
  readonly has: (...keys: ReadonlyArray<PublicKey>) => void
  readonly layer: Layer.Layer<SigningKeys>
}

/** A place for keys whose answer a test changes while it runs; `loads` counts the questions. */
export const changingSource = (answer: Load = Effect.succeed([])): Source => {
  const source: Source = {
    loads: 0,
    answer,
    has: (...keys: ReadonlyArray<PublicKey>) => {
      source.answer = Effect.succeed(keys)
    },
    layer: SigningKeys.layer.pipe(
      Layer.provide(
        Layer.succeed(KeySource, {
          load: Effect.suspend(() => {
            source.loads += 1
            return source.answer
          })
        })
      )
    )
  }
  return source
}

export const find = (kid: string, alg = "EdDSA") =>
  Effect.map(
    Effect.flatMap(SigningKeys, (keys) => keys.find(kid, alg)),
    ({ key }) => key
  )

/** Nothing when the key is found, else why it is not. */
export const outcome = (kid: string, alg?: string) =>
  Effect.match(find(kid, alg), {
    onSuccess: () => "found",
    onFailure: (error) => (error._tag === "InvalidToken" ? error.reason : error._tag)
  })

export const publicKey = (kid: string, overrides: Partial<PublicKey> = {}) =>
  Effect.promise(async () => ({ ...publicKeyOf(await makeKey("EdDSA", kid)), ...overrides }))
