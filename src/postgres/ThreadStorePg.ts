import { Effect, Layer } from "effect"
import { ThreadStore } from "../threads/ThreadStore.ts"
import { attachments } from "./AttachmentStorePg.ts"
import { threadReads } from "./ThreadReads.ts"
import { turnStore } from "./TurnStorePg.ts"
import { threadWrites } from "./ThreadWrites.ts"

/** `ThreadStore` in the schema `chatkit` of PostgreSQL; a foreign id costs what an unknown one costs. */
export const ThreadStorePg = Layer.effect(
  ThreadStore,
  Effect.gen(function* () {
    return {
      ...(yield* threadReads),
      ...(yield* threadWrites),
      ...(yield* turnStore),
      ...(yield* attachments)
    }
  })
)
