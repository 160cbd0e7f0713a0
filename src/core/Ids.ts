import { Clock, Context, Effect, Layer } from "effect"

/** The kind of object an id names; messages, widgets, images and structured inputs share the first. */
export type IdKind =
  "message" | "tool_call" | "workflow" | "task" | "sdk_hidden_context" | "thread" | "attachment"

export const prefixes: Readonly<Record<IdKind, string>> = {
  message: "msg",
  tool_call: "tc",
  workflow: "wf",
  task: "tsk",
  sdk_hidden_context: "shcx",
  thread: "thr",
  attachment: "atc"
}

/** ISO 8601 in UTC: six fraction digits, or none on the full second, as the reference writes them. */
export const timestamp = (millis: number): string =>
  new Date(millis)
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === "000" ? "Z" : `.${ms}000Z`))

/**
 * Makes ids and times for new objects: the reference's prefixes, and 128 bits of randomness where
 * it has 32, so that nobody meets or guesses another's.
 */
export class Ids extends Context.Service<
  Ids,
  {
    readonly make: (kind: IdKind) => Effect.Effect<string>
    readonly now: Effect.Effect<string>
  }
>()("effect-chatkit/core/Ids") {
  static readonly layer = Layer.succeed(Ids, {
    make: (kind) => Effect.sync(() => `${prefixes[kind]}_${randomHex()}`),
    now: Effect.map(Clock.currentTimeMillis, timestamp)
  })
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** 128 random bits; neither Node 24 nor every browser has `Uint8Array.toHex`. */
const randomHex = (): string => {
  let hex = ""
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) hex += hexOfByte[byte]
  return hex
}

/** Whether a text can be an id at all; other texts are kept away from every statement. */
export const isId = (id: string): boolean => /^[\x21-\x7e]{1,128}$/.test(id)
