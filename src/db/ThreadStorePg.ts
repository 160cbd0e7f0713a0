import { Effect, Layer } from "effect"
import { ThreadStore } from "../chatkit/ThreadStore.ts"
import { attachments } from "./AttachmentsPg.ts"
import { threadReads } from "./ThreadReadsPg.ts"
import { threadTurns } from "./ThreadTurnsPg.ts"
import { threadWrites } from "./ThreadWritesPg.ts"

/** `ThreadStore` in the schema `chatkit` of PostgreSQL; a foreign id costs what an unknown one costs. */
export const ThreadStorePg = Layer.effect(
  ThreadStore,
  Effect.gen(function* () {
    return {
      ...(yield* threadReads),
      ...(yield* threadWrites),
      ...(yield* threadTurns),
      ...(yield* attachments)
    }
  })
)
