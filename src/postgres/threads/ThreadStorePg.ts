import { Effect, Layer } from "effect"
import { ThreadStore } from "../../threads/ThreadStore.ts"
import { PieceRemoval } from "../attachments/PieceRemoval.ts"
import { threadReads } from "./ThreadReads.ts"
import { threadWrites } from "./ThreadWrites.ts"

/** `ThreadStore` in the schema `chatkit`. A foreign id costs the same statements as an unknown one. */
export const ThreadStorePg = Layer.effect(
  ThreadStore,
  Effect.gen(function* () {
    return {
      ...(yield* threadReads),
      ...(yield* threadWrites)
    }
  })
).pipe(Layer.provide(PieceRemoval.layer))
