import { Clock, Effect, Layer } from "effect"
import { NotFound } from "../core/Errors.ts"
import { isId } from "../core/Ids.ts"
import { MemoryTables } from "../threads/MemoryTables.ts"
import { type AttachmentFields, type AttachmentRecord, AttachmentStore } from "./AttachmentStore.ts"
import { AttachmentSpaceFull, TooManyAttachments } from "./Errors.ts"

/** `AttachmentStore` in memory, for tests. */
export const AttachmentStoreMemory = Layer.effect(
  AttachmentStore,
  Effect.map(MemoryTables, ({ attachments }): AttachmentStore["Service"] => {
    const fieldsOf = new Map<string, AttachmentFields>()

    const find = (userId: string, id: string): AttachmentRecord | undefined => {
      const row = attachments.get(id)
      const fields = fieldsOf.get(id)
      if (row?.userId !== userId || fields === undefined) return undefined
      const uploaded = row.bytes !== undefined
      return {
        ...fields,
        uploaded,
        ...(row.threadId === undefined ? {} : { thread_id: row.threadId })
      }
    }

    return {
      save: Effect.fnUntraced(function* (userId, record, limits) {
        const { id, metadata, mime_type, name, size } = record
        if (!isId(id)) return yield* Effect.die(new Error("an attachment has no usable id"))
        if (find(userId, id) === undefined) {
          const own = [...attachments].filter(([, row]) => row.userId === userId)
          const waiting = own.filter(([, { threadId }]) => threadId === undefined)
          if (waiting.length >= limits.waiting) return yield* new TooManyAttachments()
          const bytes = own.reduce((sum, [id]) => sum + (fieldsOf.get(id)?.size ?? 0), size)
          if (bytes > limits.bytes) return yield* new AttachmentSpaceFull({ limit: limits.bytes })
          if (attachments.has(id)) {
            return yield* Effect.die(new Error("an attachment's id is taken"))
          }
          attachments.set(id, { userId, createdAt: yield* Clock.currentTimeMillis })
        }
        fieldsOf.set(id, structuredClone({ id, name, mime_type, size, metadata }))
      }),

      load: (userId, ids) =>
        Effect.suspend(() => {
          const found = ids.flatMap((id) => find(userId, id) ?? [])
          return found.length < ids.length
            ? new NotFound({ object: "Attachment" })
            : Effect.succeed(found)
        }),

      delete: (userId, id) =>
        Effect.sync(() => {
          if (find(userId, id) !== undefined) attachments.delete(id)
        })
    }
  })
)
