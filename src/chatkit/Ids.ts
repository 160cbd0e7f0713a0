import { Clock, Context, Effect, Layer } from "effect"
import { timestamp } from "./Entities.ts"

/**
 * Makes ids and times for new objects: the reference's prefixes, and 128 bits of randomness where
 * it has 32, so that nobody meets or guesses another's.
 */
export class Ids extends Context.Service<
  Ids,
  {
    readonly make: (prefix: "thr" | "msg") => Effect.Effect<string>
    readonly now: Effect.Effect<string>
  }
>()("effect-chatkit/chatkit/Ids") {
  static readonly layer = Layer.succeed(Ids, {
    make: (prefix) => Effect.sync(() => `${prefix}_${randomHex()}`),
    now: Effect.map(Clock.currentTimeMillis, timestamp)
  })
}

const randomHex = () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex")
