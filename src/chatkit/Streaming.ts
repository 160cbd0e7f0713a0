// Longer than most files: the six operations that stream share their services and the start of a turn.

import { Effect, type Scope, Stream } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import { withoutLinks } from "../attachments/ItemLinks.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { Admission } from "../core/Admission.ts"
import { Conflict, type DbUnavailable, InvalidRequest, type NotFound } from "../core/Errors.ts"
import { Ids } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import type { ResponseEventInput, ThreadStreamEvent } from "../protocol/Events.ts"
import type { ClientToolCallItem, UserMessageItem } from "../protocol/Items.ts"
import type { Params, StreamingOperation, UserMessageInput } from "../protocol/Requests.ts"
import { withAnswers } from "../protocol/StructuredInputs.ts"
import { type ThreadMetadata, toThread } from "../protocol/Threads.ts"
import type * as Answer from "../responder/Answer.ts"
import { Responder } from "../responder/Responder.ts"
import type { Turn } from "../responder/Turn.ts"
import type { TooLargeToStore, TurnLost } from "../threads/Errors.ts"
import { type Change, ThreadStore } from "../threads/ThreadStore.ts"
import { ThreadNotActive, type TooManyStreams } from "../turns/Errors.ts"
import { type TurnLease, TurnLeases } from "../turns/TurnLeases.ts"
import type { TurnStart } from "../turns/TurnDriver.ts"
import { TurnRunner } from "../turns/TurnRunner.ts"
import { loadSender, loadVisibleItem } from "./VisibleItems.ts"

export type StreamingRefusal =
  NotFound | Conflict | InvalidRequest | ThreadNotActive | TooManyStreams | DbUnavailable

type Refusal = NotFound | Conflict | ThreadNotActive | TurnLost | TooLargeToStore | DbUnavailable

/** Answers the operations that stream: each is one turn in a thread. */
export const makeStreaming = Effect.gen(function* () {
  const store = yield* ThreadStore
  const attachments = yield* Attachments
  const responder = yield* Responder
  const ids = yield* Ids
  const leases = yield* TurnLeases
  const runner = yield* TurnRunner
  const { admitted } = yield* Admission

  /** A user's message with its attachments, and the changes that store it. */
  const newMessage = Effect.fnUntraced(function* (
    userId: UserId,
    threadId: string,
    input: UserMessageInput
  ) {
    const { content, inference_options, quoted_text } = input
    const attachment_ids = [...new Set(input.attachments)]
    const message: UserMessageItem = {
      id: yield* ids.make("message"),
      thread_id: threadId,
      created_at: yield* ids.now,
      type: "user_message",
      content,
      attachments: yield* attachments.forMessage(userId, threadId, attachment_ids),
      ...(quoted_text === null ? {} : { quoted_text }),
      inference_options
    }
    const changes: ReadonlyArray<Change> = [
      ...(attachment_ids.length === 0 ? [] : [{ type: "attach" as const, attachment_ids }]),
      { type: "put_item", item: withoutLinks(message) }
    ]
    return { message, changes }
  })

  const replyTo = (message: UserMessageItem) => (turn: Turn) =>
    responder.respond({ ...turn, message })

  const resume = (turn: Turn) => responder.respond({ ...turn, message: undefined })

  const startThread = Effect.fnUntraced(function* (
    userId: UserId,
    { input }: Params<"threads.create">
  ) {
    const thread: ThreadMetadata = {
      id: yield* ids.make("thread"),
      created_at: yield* ids.now,
      status: { type: "active" },
      metadata: {}
    }
    const { changes, message } = yield* admitted(userId)(newMessage(userId, thread.id, input))
    const lease = yield* leases.beginNew(userId, thread, (turn) =>
      admitted(userId)(store.createThread(userId, thread, changes, turn))
    )
    const events: ReadonlyArray<ThreadStreamEvent> = [
      { type: "thread.created", thread: toThread(thread) },
      messageDone(message)
    ]
    return { lease, events, answer: replyTo(message) }
  })

  const addUserMessage = Effect.fnUntraced(function* (
    userId: UserId,
    { thread, turn }: TurnLease,
    { input }: Params<"threads.add_user_message">
  ) {
    const { changes, message } = yield* newMessage(userId, thread.id, input)
    yield* store.commit(userId, thread.id, changes, turn)
    return { events: [messageDone(message)], answer: replyTo(message) }
  })

  /** The output belongs to the newest pending call; older ones will never be answered. */
  const addClientToolOutput = Effect.fnUntraced(function* (
    userId: UserId,
    { thread, turn }: TurnLease,
    { result }: Params<"threads.add_client_tool_output">
  ) {
    const [call, ...stale] = yield* store.loadPendingToolCalls(userId, thread.id)
    if (call === undefined) {
      return yield* new Conflict({
        reason: "No client tool call waits for an output in this thread"
      })
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
    yield* store.commit(userId, thread.id, changes, turn)
    return { events: [], answer: resume }
  })

  /** The recorder stores and sends the answered questions, as the answer's first event. */
  const addStructuredInput = Effect.fnUntraced(function* (
    userId: UserId,
    { thread }: TurnLease,
    { input, item_id }: Params<"threads.add_structured_input">
  ) {
    const item = yield* loadVisibleItem(store, userId, thread.id, item_id)
    if (item.type !== "structured_input" || item.status !== "pending") {
      return yield* new Conflict({ reason: "This item is not a pending structured input" })
    }
    const replaced: ResponseEventInput = {
      type: "thread.item.replaced",
      item: { ...item, status: input.status, inputs: withAnswers(item.inputs, input) }
    }
    const answer = (turn: Turn): Answer.Answer =>
      Stream.concat(Stream.succeed(replaced), resume(turn))
    return { events: [], answer }
  })

  const retryAfterItem = Effect.fnUntraced(function* (
    userId: UserId,
    { thread }: TurnLease,
    { item_id }: Params<"threads.retry_after_item">
  ) {
    const message = yield* loadVisibleItem(store, userId, thread.id, item_id)
    if (message.type !== "user_message") {
      return yield* new Conflict({
        reason: "Only the answer to a message of the user can be retried"
      })
    }
    const [linked = message] = yield* attachments.withLinks(userId, [message])
    return { events: [], upTo: message.id, answer: replyTo(linked) }
  })

  const customAction = Effect.fnUntraced(function* (
    userId: UserId,
    { thread }: TurnLease,
    { action, item_id }: Params<"threads.custom_action">
  ) {
    const sender = yield* loadSender(store, userId, thread.id, item_id)
    const answer = (turn: Turn) => responder.action({ ...turn, action, sender })
    return { events: [], answer }
  })

  const startIn = (
    userId: UserId,
    lease: TurnLease,
    { params, type }: Exclude<StreamingOperation, { readonly type: "threads.create" }>
  ): Effect.Effect<Omit<TurnStart, "lease">, Refusal> => {
    switch (type) {
      case "threads.add_user_message":
        return addUserMessage(userId, lease, params)
      case "threads.add_client_tool_output":
        return addClientToolOutput(userId, lease, params)
      case "threads.add_structured_input":
        return addStructuredInput(userId, lease, params)
      case "threads.retry_after_item":
        return retryAfterItem(userId, lease, params)
      case "threads.custom_action":
        return customAction(userId, lease, params)
    }
  }

  const start = Effect.fnUntraced(
    function* (
      userId: UserId,
      operation: StreamingOperation,
      whileWaiting: (thread: ThreadMetadata) => Effect.Effect<void>
    ): Effect.fn.Return<TurnStart, Refusal, Scope.Scope> {
      if (operation.type === "threads.create") return yield* startThread(userId, operation.params)
      const { thread_id } = operation.params
      const loaded = admitted(userId)(store.loadThread(userId, thread_id))
      const lease = yield* leases.begin(
        userId,
        thread_id,
        Effect.ignore(Effect.flatMap(loaded, whileWaiting))
      )
      const { thread } = lease
      if (thread.status.type !== "active") return yield* new ThreadNotActive({ thread })
      return { lease, ...(yield* admitted(userId)(startIn(userId, lease, operation))) }
    },
    Effect.catchTags({
      TurnLost: () => new Conflict({ reason: "This thread was taken by another turn, or deleted" }),
      TooLargeToStore: () =>
        new InvalidRequest({ problem: "The message is too large: at most 4 MiB" })
    })
  )

  return Effect.fnUntraced(function* (operation: StreamingOperation) {
    const { userId } = yield* CurrentUser
    return yield* runner.run((whileWaiting) => start(userId, operation, whileWaiting))
  })
})

const messageDone = (item: UserMessageItem): ThreadStreamEvent => ({
  type: "thread.item.done",
  item
})
