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

    return {
      write: Effect.fnUntraced(function* (userId, id, bytes) {
        yield* find(userId, id)
        let length = 0
        const bounded = Stream.tap(bytes, (chunk) => {
          length += chunk.length
          const stored = attachments.get(id)?.bytes
          return stored !== undefined && length > stored.length
            ? new AlreadyUploaded()
            : Effect.void
        })
        const whole = Buffer.concat(yield* Stream.runCollect(bounded))
        const { attachment, row } = yield* find(userId, id)
        row.bytes ??= whole
        if (!whole.equals(row.bytes)) return yield* new AlreadyUploaded()
        return { ...attachment, uploaded: true }
      }),

      read: Effect.fnUntraced(function* (userId, id) {
        const { attachment, row } = yield* find(userId, id)
        if (row.bytes === undefined) return yield* notFound
        return { attachment, length: row.bytes.length, bytes: Stream.make(row.bytes) }
      }),

      uploaded: (userId, ids) =>
        Effect.sync(() => {
          const isUploaded = (id: string) => {
            const row = attachments.get(id)
            return row?.userId === userId && row.bytes !== undefined
          }
          return new Set(ids.filter(isUploaded))
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
