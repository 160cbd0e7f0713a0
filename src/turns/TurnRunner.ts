import { Array as Arr, Cause, Effect, Stream } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import {
  type ResponseEventInput,
  type StreamOptions,
  type ThreadStreamEvent
} from "../protocol/Events.ts"
import { CustomStreamError, errorEventOf, StreamError } from "../responder/StreamErrors.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import { Ids } from "../core/Ids.ts"
import type { Answer, Turn } from "../responder/Responder.ts"
import { type Draft, makeDraft } from "./TurnRecorder.ts"
import { withLinks } from "../attachments/ItemLinks.ts"
import { type Held, Turns } from "./TurnLeases.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"

/** What a turn has produced of one batch of the responder's events, and whether it broke there. */
interface Batch {
  readonly events: ReadonlyArray<ThreadStreamEvent>
  readonly isLast: boolean
}

/**
 * Runs every streaming operation: what the responder says is stored before it is sent, changes of
 * the thread follow the event they came with, and a failure is one more event. When the scope ends
 * before the answer has, the answer is cancelled: what there is to read of it is kept, with a note
 * for the next turn.
 */
export const pipeline = Effect.fnUntraced(function* (options: {
  readonly held: Held
  /** The last item the answer builds on; what comes after it is replaced by the answer. */
  readonly upTo?: string
  readonly streamOptions: StreamOptions
  readonly answer: (turn: Turn) => Answer
}) {
  const user = yield* CurrentUser
  const ids = yield* Ids
  const store = yield* ThreadStore
  const links = yield* AttachmentLinks
  const { atEnd } = yield* Turns
  const { held } = options
  const threadId = held.thread.id
  const draft = yield* makeDraft({ userId: user.userId, ...options })

  let state: "waiting" | "running" | "over" = "waiting"
  yield* Effect.addFinalizer(() =>
    state === "running"
      ? Effect.catchCause(atEnd(draft.cancel), (cause) =>
          Effect.logError("cancelled turn not kept", cause)
        )
      : Effect.void
  )

  const turn: Turn = {
    thread: Effect.sync(draft.thread),
    updateThread: (change) => Effect.sync(() => draft.updateThread(change)),
    history: (query) =>
      Effect.gen(function* () {
        const page = yield* store.loadThreadItems(user.userId, threadId, {
          limit: 20,
          order: "desc",
          after: null,
          hidden: true,
          ...draft.bounds(),
          ...query
        })
        return { ...page, data: yield* withLinks(user.userId, page.data) }
      }).pipe(Effect.provideService(AttachmentLinks, links)),
    newItem: (kind) =>
      Effect.map(Effect.all([ids.make(kind), ids.now]), ([id, created_at]) => ({
        id,
        thread_id: threadId,
        created_at
      }))
  }

  return Stream.suspend(() => {
    state = "running"
    return Stream.concat(
      Stream.succeed<Batch>({
        events: [{ type: "stream_options", stream_options: options.streamOptions }],
        isLast: false
      }),
      Stream.suspend(() => options.answer(turn)).pipe(
        inPieces,
        Stream.mapEffect((events) => batchOf(draft, events)),
        Stream.concat(Stream.fromEffect(Effect.map(draft.settle, asLast))),
        Stream.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Stream.failCause(cause as Cause.Cause<never>)
            : Stream.fromEffect(Effect.map(broken(draft, cause), asLast))
        )
      )
    )
  }).pipe(
    Stream.takeUntil(({ isLast }) => isLast),
    Stream.tap(({ isLast }) =>
      Effect.sync(() => {
        if (isLast) state = "over"
      })
    ),
    Stream.map(({ events }) => events),
    Stream.filter(Arr.isReadonlyArrayNonEmpty),
    Stream.flattenArray,
    Stream.provideService(CurrentUser, user)
  )
})

/** The most events that are taken and sent at once: a client that reads slowly holds up the rest. */
const most = 64

/** What came together stays together, up to a point. */
const inPieces = <A, E, R>(events: Stream.Stream<A, E, R>) =>
  Stream.mapArray(events, (chunk) => Arr.chunksOf(chunk, most))

const asLast = (events: ReadonlyArray<ThreadStreamEvent>): Batch => ({ events, isLast: true })

/** What was said before a failure is sent before it. */
const batchOf = Effect.fnUntraced(function* (
  draft: Draft,
  inputs: ReadonlyArray<ResponseEventInput>
) {
  const events: Array<ThreadStreamEvent> = []
  const say = Effect.gen(function* () {
    for (const input of inputs) events.push(...(yield* draft.take(input)))
    return false
  })
  const isLast = yield* Effect.catchCause(say, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Effect.map(broken(draft, cause), (last) => {
          events.push(...last)
          return true
        })
  )
  return { events, isLast }
})

/** The cause is for the log, unless it is words that the responder chose for the person. */
const told = (cause: Cause.Cause<unknown>) => {
  const failure = Cause.squash(cause)
  return failure instanceof CustomStreamError || failure instanceof StreamError
    ? Effect.annotateLogs(Effect.logWarning("turn refused"), { failure: failure._tag })
    : Effect.logError("turn failed", cause)
}

/** The error event, then what had changed of the thread. The log has the cause. */
const broken = (
  draft: Draft,
  cause: Cause.Cause<unknown>
): Effect.Effect<ReadonlyArray<ThreadStreamEvent>> =>
  told(cause).pipe(
    Effect.andThen(
      Effect.catchCause(draft.settle, (cause) =>
        Effect.as(Effect.logError("failed turn not settled", cause), [])
      )
    ),
    Effect.map((events) => [errorEventOf(Cause.squash(cause)), ...events])
  )
