import { Effect } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import { Admission } from "../core/Admission.ts"
import type { UserId } from "../core/User.ts"
import { UserLimits } from "../core/UserLimits.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import { lengthOfJson } from "../protocol/Json.ts"
import { type Page, pageBytes, type PageQuery } from "../protocol/Threads.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"

/** Bytes after which a piece of a page ends. */
const pieceBytes = 512 * 1024

/**
 * Reads pages of what a client may see of a thread. A large page is read in pieces, each through
 * the door to the database and within what its user may read: at once it would hold up everybody.
 */
export const itemPages = Effect.gen(function* () {
  const store = yield* ThreadStore
  const attachments = yield* Attachments
  const { admitted } = yield* Admission
  const { reading } = yield* UserLimits

  /** The page that this query asks for, from its first piece. */
  const whole = <F extends { readonly items: Page<ThreadItem> }, E, R>(
    userId: UserId,
    threadId: string,
    query: PageQuery,
    first: Effect.Effect<F, E, R>
  ) =>
    reading(userId)(
      Effect.fnUntraced(function* ({ hasRead, mayRead }) {
        yield* mayRead
        const found = yield* admitted(userId)(first)
        let piece = found.items
        const data = [...piece.data]
        let length = lengthOfJson(data)
        yield* hasRead(length)
        while (piece.has_more && data.length < query.limit && length < pageBytes) {
          yield* mayRead
          const rest = { ...query, after: piece.after ?? null, limit: query.limit - data.length }
          const next = yield* admitted(userId)(load(userId, threadId, rest)).pipe(
            // The last item was removed meanwhile: the page ends with it.
            Effect.catchTag("NotFound", () => Effect.undefined)
          )
          if (next === undefined) break
          piece = next
          data.push(...piece.data)
          const read = lengthOfJson(piece.data)
          yield* hasRead(read)
          length += read
        }
        const linked = yield* admitted(userId)(attachments.withLinks(userId, data))
        const items = { ...piece, data: linked }
        return { ...found, items }
      })
    )

  const load = (userId: UserId, threadId: string, query: PageQuery) =>
    store.loadThreadItems(userId, threadId, { ...query, hidden: false, bytes: pieceBytes })

  return {
    items: (userId: UserId, threadId: string, query: PageQuery) => {
      const first = Effect.map(load(userId, threadId, query), (items) => ({ items }))
      return Effect.map(whole(userId, threadId, query, first), ({ items }) => items)
    },

    /** The thread with its first items, oldest first. */
    thread: (userId: UserId, threadId: string, limit: number) => {
      const query = { limit, order: "asc", after: null } as const
      const first = store.loadThreadWithItems(userId, threadId, limit, pieceBytes)
      return whole(userId, threadId, query, first)
    }
  }
})
