import { Effect, Layer } from "effect"
import { AttachmentContentMemory } from "../../src/attachments/AttachmentContentMemory.ts"
import { AttachmentStoreMemory } from "../../src/attachments/AttachmentStoreMemory.ts"
import { MemoryTables } from "../../src/threads/MemoryTables.ts"
import { ThreadStore } from "../../src/threads/ThreadStore.ts"
import { ThreadStoreMemory } from "../../src/threads/ThreadStoreMemory.ts"
import { TurnStoreMemory } from "../../src/turns/TurnStoreMemory.ts"

/** The stores in memory, on tables of their own each time the layer is built. */
export const StoresMemory = Layer.mergeAll(
  ThreadStoreMemory,
  TurnStoreMemory,
  AttachmentContentMemory
).pipe(Layer.provideMerge(AttachmentStoreMemory), Layer.provide(Layer.fresh(MemoryTables.layer)))

/** The stores in memory, but for the methods of `ThreadStore` that a test breaks. */
export const storesWith = (
  broken: (store: ThreadStore["Service"]) => Partial<ThreadStore["Service"]>
) =>
  Layer.effect(
    ThreadStore,
    Effect.map(ThreadStore, (store) => ({ ...store, ...broken(store) }))
  ).pipe(Layer.provideMerge(StoresMemory))
