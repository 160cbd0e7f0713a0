import { Clock, Effect, Layer, Stream } from "effect"
import { NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import { MemoryTables } from "../threads/MemoryTables.ts"
import { AttachmentContent } from "./AttachmentContent.ts"
import { AttachmentStore } from "./AttachmentStore.ts"
import { AlreadyUploaded } from "./Errors.ts"

const notFound = new NotFound({ object: "Attachment" })

/** Milliseconds. */
const day = 24 * 60 * 60 * 1000

/** `AttachmentContent` in memory, for tests: here a file is whole in memory. */
export const AttachmentContentMemory = Layer.effect(
  AttachmentContent,
  Effect.gen(function* () {
    const { attachments } = yield* MemoryTables
    const { load } = yield* AttachmentStore

    const find = Effect.fnUntraced(function* (userId: UserId, id: string) {
      const [attachment] = yield* load(userId, [id])
      const row = attachments.get(id)
      return attachment === undefined || row === undefined ? yield* notFound : { attachment, row }
    })

    const findWaiting = Effect.fnUntraced(function* (userId: UserId, id: string) {
      const found = yield* find(userId, id)
      return found.attachment.uploaded ? yield* new AlreadyUploaded() : found
    })

    return {
      write: Effect.fnUntraced(function* (userId, id, bytes) {
        yield* findWaiting(userId, id)
        const chunks = yield* Stream.runCollect(bytes)
        const { attachment, row } = yield* findWaiting(userId, id)
        row.bytes = Buffer.concat(chunks)
        return { ...attachment, uploaded: true }
      }),

      read: Effect.fnUntraced(function* (userId, id) {
        const { attachment, row } = yield* find(userId, id)
        if (row.bytes === undefined) return yield* notFound
        return { attachment, length: row.bytes.length, bytes: Stream.make(row.bytes) }
      }),

      removeAbandoned: Effect.map(Clock.currentTimeMillis, (now) => {
        const abandoned = [...attachments].filter(
          ([, { createdAt, threadId }]) => threadId === undefined && createdAt < now - day
        )
        for (const [id] of abandoned) attachments.delete(id)
        return abandoned.length
      })
    }
  })
)
