import { Effect, Stream } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import type { Within } from "../core/TimeBudget.ts"
import { Conflict, type DbUnavailable, type NotFound } from "../core/Errors.ts"
import { type TurnLost } from "../threads/Errors.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import { senderOf, visibleItem } from "./NonStreaming.ts"
import type { ResponseEventInput, ThreadStreamEvent } from "../protocol/Events.ts"
import { Ids } from "../core/Ids.ts"
import type { ClientToolCallItem, UserMessageItem } from "../protocol/Items.ts"
import type { Params, StreamingOperation, UserMessageInput } from "../protocol/Requests.ts"
import { type Answer, Responder, type Turn } from "../responder/Responder.ts"
import { withLinks, withoutLinks } from "../attachments/ItemLinks.ts"
import { answered } from "../protocol/StructuredInputs.ts"
import { type Change, ThreadStore } from "../threads/ThreadStore.ts"
import { shown, type ThreadMetadata } from "../protocol/Threads.ts"
import { type Held, Turns } from "../turns/TurnLeases.ts"

type OpeningServices = AttachmentLinks | Ids | Responder | ThreadStore
type Refusal = NotFound | Conflict | TurnLost | DbUnavailable

/** What is stored and known before the responder is asked; nothing has been sent yet. */
export interface Opening {
  readonly held: Held
  /** Sent before everything else. */
  readonly events: ReadonlyArray<ThreadStreamEvent>
  /** The last item the answer builds on. */
  readonly upTo?: string
  readonly answer: (turn: Turn) => Answer
}

/** A user's message with its attachments, and what has to be written with it. */
const newMessage = Effect.fnUntraced(function* (threadId: string, input: UserMessageInput) {
  const { userId } = yield* CurrentUser
  const ids = yield* Ids
  const { content, inference_options, quoted_text } = input
  const attachment_ids = [...new Set(input.attachments)]
  const attachments =
    attachment_ids.length === 0
      ? []
      : yield* Effect.gen(function* () {
          const records = yield* (yield* ThreadStore).loadAttachments(userId, attachment_ids)
          const { shown } = yield* (yield* AttachmentLinks).maker
          return records.map((record) => shown(userId, { ...record, thread_id: threadId }))
        })
  const message: UserMessageItem = {
    id: yield* ids.make("message"),
    thread_id: threadId,
    created_at: yield* ids.now,
    type: "user_message",
    content,
    attachments,
    ...(quoted_text === null ? {} : { quoted_text }),
    inference_options
  }
  const changes: ReadonlyArray<Change> = [
    ...(attachment_ids.length === 0 ? [] : [{ type: "attach" as const, attachment_ids }]),
    { type: "put_item", item: withoutLinks(message) }
  ]
  return { message, changes }
})

const messageDone = (item: UserMessageItem): ThreadStreamEvent => ({
  type: "thread.item.done",
  item
})

const replyTo = (message: UserMessageItem) =>
  Effect.map(Responder, (responder) => (turn: Turn) => responder.respond({ ...turn, message }))

const resume = Effect.map(
  Responder,
  (responder) => (turn: Turn) => responder.respond({ ...turn, message: undefined })
)

/** A new thread with its first message, held by its first turn. */
export const openThread = Effect.fnUntraced(function* (
  { input }: Params<"threads.create">,
  within: Within
) {
  const { userId } = yield* CurrentUser
  const ids = yield* Ids
  const store = yield* ThreadStore
  const thread: ThreadMetadata = {
    id: yield* ids.make("thread"),
    created_at: yield* ids.now,
    status: { type: "active" },
    metadata: {}
  }
  const { changes, message } = yield* within(newMessage(thread.id, input))
  const held = yield* (yield* Turns).beginNew(userId, thread, (turn) =>
    within(store.createThread(userId, thread, changes, turn))
  )
  const opening: Opening = {
    held,
    events: [{ type: "thread.created", thread: shown(thread) }, messageDone(message)],
    answer: yield* replyTo(message)
  }
  return opening
})

/** Who may not write to a thread is told why. */
const refuseUnlessActive = ({ status }: ThreadMetadata) =>
  status.type === "active"
    ? Effect.void
    : new Conflict({
        reason: `This thread is ${status.type}${status.reason === undefined ? "" : `: ${status.reason}`}`
      })

const addUserMessage = Effect.fnUntraced(function* (
  held: Held,
  { input }: Params<"threads.add_user_message">
) {
  const { userId } = yield* CurrentUser
  const { changes, message } = yield* newMessage(held.thread.id, input)
  yield* (yield* ThreadStore).commit(userId, held.thread.id, changes, held.turn)
  return { events: [messageDone(message)], answer: yield* replyTo(message) }
})

/** The output goes to the newest call that waits for one; older ones will never be answered. */
const addClientToolOutput = Effect.fnUntraced(function* (
  held: Held,
  { result }: Params<"threads.add_client_tool_output">
) {
  const { userId } = yield* CurrentUser
  const store = yield* ThreadStore
  const [call, ...stale] = yield* store.loadPendingToolCalls(userId, held.thread.id)
  if (call === undefined) {
    return yield* new Conflict({ reason: "No client tool call waits for an output in this thread" })
  }
  const completed: ClientToolCallItem = {
    ...call,
    status: "completed",
    ...(result === null ? {} : { output: result })
  }
  const changes: ReadonlyArray<Change> = [
    { type: "put_item", item: completed },
    ...stale.map(({ id }) => ({ type: "delete_item" as const, item_id: id }))
  ]
  yield* store.commit(userId, held.thread.id, changes, held.turn)
  return { events: [], answer: yield* resume }
})

/** The answered questions are stored and shown by the pipeline, as the answer's first event. */
const addStructuredInput = Effect.fnUntraced(function* (
  held: Held,
  { input, item_id }: Params<"threads.add_structured_input">
) {
  const item = yield* visibleItem(held.thread.id, item_id)
  if (item.type !== "structured_input" || item.status !== "pending") {
    return yield* new Conflict({ reason: "This is no structured input that waits for an answer" })
  }
  const replaced: ResponseEventInput = {
    type: "thread.item.replaced",
    item: { ...item, status: input.status, inputs: answered(item.inputs, input) }
  }
  const respond = yield* resume
  return {
    events: [],
    answer: (turn: Turn) => Stream.concat(Stream.succeed(replaced), respond(turn))
  }
})

const retryAfterItem = Effect.fnUntraced(function* (
  held: Held,
  { item_id }: Params<"threads.retry_after_item">
) {
  const { userId } = yield* CurrentUser
  const message = yield* visibleItem(held.thread.id, item_id)
  if (message.type !== "user_message") {
    return yield* new Conflict({
      reason: "Only the answer to a message of the user can be retried"
    })
  }
  const [again = message] = yield* withLinks(userId, [message])
  return { events: [], upTo: message.id, answer: yield* replyTo(again) }
})

const customAction = Effect.fnUntraced(function* (
  held: Held,
  { action, item_id }: Params<"threads.custom_action">
) {
  const sender = yield* senderOf(held.thread.id, item_id)
  const responder = yield* Responder
  return {
    events: [],
    answer: (turn: Turn) => responder.action({ ...turn, action, sender })
  }
})

/** A turn in a thread that exists, once the turn before it is over. */
export const openTurn = Effect.fnUntraced(function* (
  operation: Exclude<StreamingOperation, { readonly type: "threads.create" }>,
  within: Within
) {
  const { userId } = yield* CurrentUser
  const held = yield* (yield* Turns).begin(userId, operation.params.thread_id, within)
  yield* refuseUnlessActive(held.thread)
  const open = Effect.suspend(
    (): Effect.Effect<Omit<Opening, "held">, Refusal, CurrentUser | OpeningServices> => {
      const { params, type } = operation
      switch (type) {
        case "threads.add_user_message":
          return addUserMessage(held, params)
        case "threads.add_client_tool_output":
          return addClientToolOutput(held, params)
        case "threads.add_structured_input":
          return addStructuredInput(held, params)
        case "threads.retry_after_item":
          return retryAfterItem(held, params)
        case "threads.custom_action":
          return customAction(held, params)
      }
    }
  )
  const opening: Opening = { held, ...(yield* within(open)) }
  return opening
})
