import { Context, Effect } from "effect"
import type { ThreadItem, UserMessageItem } from "../../src/protocol/Items.ts"
import { type Change, type ItemQuery, ThreadStore } from "../../src/threads/ThreadStore.ts"
import type { AttachmentContent } from "../../src/attachments/AttachmentContent.ts"
import {
  type AttachmentLimits,
  type AttachmentRecord,
  AttachmentStore
} from "../../src/attachments/AttachmentStore.ts"
import type { ThreadMetadata } from "../../src/protocol/Threads.ts"
import { UserId } from "../../src/core/User.ts"
import { unique } from "./postgres/SharedDatabase.ts"
import { TurnStore } from "../../src/turns/TurnStore.ts"

const created_at = "2026-01-02T03:04:05Z"

export const thread = (id: string, overrides: Partial<ThreadMetadata> = {}): ThreadMetadata => ({
  id,
  created_at,
  status: { type: "active" },
  metadata: {},
  ...overrides
})

export const message = (thread_id: string, id: string, text = "Hello"): UserMessageItem => ({
  id,
  thread_id,
  created_at,
  type: "user_message",
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {}
})

/** A value of exactly so many bytes as JSON, by the length of its text. */
export const ofBytes = <A>(bytes: number, make: (text: string) => A): A => {
  const bare = Buffer.byteLength(JSON.stringify(make("")))
  return make("y".repeat(bytes - bare))
}

export const answer = (thread_id: string, id: string, text = "Hi"): ThreadItem => ({
  id,
  thread_id,
  created_at,
  type: "assistant_message",
  content: [{ annotations: [], text, type: "output_text" }]
})

export const hidden = (thread_id: string, id: string, content = "a note"): ThreadItem => ({
  id,
  thread_id,
  created_at,
  type: "hidden_context_item",
  content
})

export const toolCall = (
  thread_id: string,
  id: string,
  status: "pending" | "completed" = "pending"
): ThreadItem => ({
  id,
  thread_id,
  created_at,
  type: "client_tool_call",
  status,
  call_id: `call-${id}`,
  name: "look",
  arguments: { b: 1, a: null }
})

export const attachment = (
  id: string,
  overrides: Partial<AttachmentRecord> = {}
): AttachmentRecord => ({
  id,
  name: "plan.pdf",
  mime_type: "application/pdf",
  size: 1_000,
  uploaded: false,
  metadata: {},
  ...overrides
})

/** Room for as many attachments as the product lets wait, however large they are. */
export const roomy: AttachmentLimits = { waiting: 100, bytes: 2 ** 40 }

export const put = (item: ThreadItem): Change => ({ type: "put_item", item })

export const newest = { order: "desc", limit: 20, after: null } as const
export const oldest = { order: "asc", limit: 20, after: null } as const
export const all: ItemQuery = { order: "asc", limit: 1_000, after: null, hidden: true }
export const visible: ItemQuery = { ...all, hidden: false }

export const idsOf = (page: { readonly data: ReadonlyArray<{ readonly id: string }> }) =>
  page.data.map(({ id }) => id)

/** Ends the lease of the turn that holds this thread, as if nothing had been heard of it. */
export class Leases extends Context.Service<
  Leases,
  { readonly expire: (threadId: string) => Effect.Effect<void> }
>()("test/Leases") {}

export type Stores = ThreadStore | TurnStore | AttachmentStore | AttachmentContent

export const stores = Effect.gen(function* () {
  return {
    store: yield* ThreadStore,
    turns: yield* TurnStore,
    attachments: yield* AttachmentStore
  }
})

export type AllStores = Effect.Success<typeof stores>

/** A user nobody else is, with so many threads `<user>-0`, `<user>-1`, … of one message each. */
export const userWith = Effect.fnUntraced(function* (count: number) {
  const { attachments, store, turns } = yield* stores
  const user = UserId.make(unique("user"))
  const ids = Array.from({ length: count }, (_, i) => `${user}-${i}`)
  for (const id of ids) yield* store.createThread(user, thread(id), [put(message(id, "first"))])
  return { store, turns, attachments, user, ids, id: ids[0] ?? `${user}-none` }
})

/** Texts that are not ids, some of which would be if they were trimmed, folded or unescaped. */
export const oddIds = (id: string) => [
  "",
  "\u0000",
  `${id}\u0000`,
  `${id} `,
  ` ${id}`,
  `${id}\n`,
  id.toUpperCase(),
  `${id}%`,
  "%",
  "'",
  "\ud800",
  "\u{1f600}",
  "x".repeat(129),
  "x".repeat(100_000)
]

/** How an effect that has to fail failed. */
export const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const { _tag, object } = error as { readonly _tag: string; readonly object?: string }
    return object === undefined ? _tag : `${_tag}(${object})`
  })

/** Everything one user can see of these threads and attachments. */
export const seenBy = Effect.fnUntraced(function* (
  user: UserId,
  threads: ReadonlyArray<string>,
  files: ReadonlyArray<string>
) {
  const { attachments, store } = yield* stores
  const missing = () => Effect.succeed("missing" as const)
  return {
    threads: yield* store.loadThreads(user, { ...oldest, limit: 1_000 }),
    items: yield* Effect.forEach(threads, (id) => store.loadThreadItems(user, id, all)),
    visible: yield* Effect.forEach(threads, (id) => store.loadThreadItems(user, id, visible)),
    pending: yield* Effect.forEach(threads, (id) => store.loadPendingToolCalls(user, id)),
    attachments: yield* Effect.forEach(files, (id) =>
      Effect.catchTag(attachments.load(user, [id]), "NotFound", missing)
    )
  }
})
