import { Effect, Layer } from "effect"
import { NotFound } from "../core/Errors.ts"
import { isId } from "../core/Ids.ts"
import { MemoryTables } from "../threads/MemoryTables.ts"
import { type AttachmentRecord, AttachmentStore } from "./AttachmentStore.ts"
import { TooManyAttachments } from "./Errors.ts"

/** `AttachmentStore` in memory, for tests. */
export const AttachmentStoreMemory = Layer.effect(
  AttachmentStore,
  Effect.map(MemoryTables, ({ attachments }): AttachmentStore["Service"] => {
    const records = new Map<string, Omit<AttachmentRecord, "thread_id">>()

    const find = (userId: string, id: string): AttachmentRecord | undefined => {
      const row = attachments.get(id)
      const record = records.get(id)
      if (row?.userId !== userId || record === undefined) return undefined
      return row.threadId === undefined ? record : { ...record, thread_id: row.threadId }
    }

    return {
      save: (userId, { id, metadata, mime_type, name, size }) =>
        Effect.suspend(() => {
          if (!isId(id)) return Effect.die(new Error("an object to be stored has no usable id"))
          const known = find(userId, id)
          if (known === undefined) {
            const waiting = [...attachments.values()].filter(
              (row) => row.userId === userId && row.threadId === undefined
            )
            if (waiting.length >= 100) return new TooManyAttachments()
            if (attachments.has(id)) return Effect.die(new Error("the attachment's id is taken"))
            attachments.set(id, { userId })
          }
          const fields = JSON.stringify({ id, name, mime_type, size, metadata })
          const record = JSON.parse(fields) as Omit<AttachmentRecord, "uploaded">
          records.set(id, { ...record, uploaded: false })
          return Effect.void
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
