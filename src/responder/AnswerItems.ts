import { Effect, Schema, Stream } from "effect"
import type { IdKind } from "../core/Ids.ts"
import type { ResponseEvent, ResponseEventInput } from "../protocol/Events.ts"
import type { ItemBase, ThreadItem } from "../protocol/Items.ts"
import type { StructuredInput } from "../protocol/StructuredInputs.ts"
import type { WidgetRoot } from "../protocol/widgets/AnyWidget.ts"
import type { Task } from "../protocol/Workflows.ts"
import { CustomStreamError } from "./StreamErrors.ts"
import type { ActionTurn, NewFile, Turn } from "./Turn.ts"

type Events<E = never> = Stream.Stream<ResponseEventInput, E>

type Progress = Extract<ResponseEvent, { readonly type: "progress_update" }>

/** A whole item in one event. */
const item = (
  turn: Turn,
  kind: IdKind,
  rest: (base: ItemBase) => typeof ThreadItem.Encoded
): Events =>
  Stream.fromEffect(
    Effect.map(turn.newItem(kind), (base) => ({ type: "thread.item.done", item: rest(base) }))
  )

/** A note for later turns. It is stored and never sent to a client. */
export const hidden = (turn: Turn, content: Schema.Json): Events =>
  item(turn, "message", (base) => ({ ...base, type: "hidden_context_item", content }))

/** Runs the page's `onEffect` with this name and data. */
export const effect = (name: string, data: { readonly [key: string]: Schema.Json } = {}): Events =>
  Stream.succeed({ type: "client_effect", name, data })

/** Shows what is being done, until the next item. It is not stored. */
export const progress = (text: string, icon?: NonNullable<Progress["icon"]>): Events =>
  Stream.succeed({ type: "progress_update", text, ...(icon === undefined ? {} : { icon }) })

/** Shows a message beside the thread. It is not stored. */
export const notice = (
  level: "info" | "warning" | "danger",
  message: string,
  title?: string
): Events =>
  Stream.succeed({
    type: "notice",
    level,
    message,
    ...(title === undefined ? {} : { title })
  })

/** Names the thread, whatever it is called now. */
export const title = (turn: Turn, text: string): Events =>
  Stream.fromEffectDrain(turn.updateThread((thread) => ({ ...thread, title: text })))

/** Shows a task by itself, outside of a workflow. */
export const task = (turn: Turn, task: Task): Events =>
  item(turn, "task", (base) => ({ ...base, type: "task", task }))

/** Asks the person questions. It is the last event of an answer: the answers begin the next turn. */
export const structuredInput = (turn: Turn, inputs: ReadonlyArray<StructuredInput>): Events =>
  item(turn, "message", (base) => ({ ...base, type: "structured_input", inputs }))

/**
 * Keeps a picture and shows it. It fails with a `CustomStreamError` if the picture cannot be kept,
 * and if the database is away.
 */
export const image = (turn: Turn, file: Omit<NewFile, "name"> & { readonly name?: string }) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const unkept = (advice = "Ask for a smaller one.") =>
        new CustomStreamError({
          message: `The picture cannot be kept here. ${advice}`,
          allow_retry: false
        })
      const kept = yield* turn
        .attach({ name: `image.${file.mime_type.split("/")[1] ?? "png"}`, ...file })
        .pipe(
          Effect.catchTag("FileRefused", ({ reason }) =>
            reason === "no_room" ? unkept("Delete files, or threads with files, first.") : unkept()
          )
        )
      if (kept.type !== "image") return yield* unkept()
      const image = { id: kept.id, url: kept.preview_url }
      return item(turn, "message", (base) => ({ ...base, type: "generated_image", image }))
    })
  )

/** Shows another widget in the place of the one that was clicked, also after a reload. */
export const redraw = ({ sender }: ActionTurn, widget: WidgetRoot): Events =>
  sender === undefined
    ? Stream.empty
    : Stream.succeed({ type: "thread.item.replaced", item: { ...sender, widget } })

/** Sends all of an answer from inside a tool, and ends when the client's connection has taken it. */
export const emit = <E, R>(turn: Turn, events: Stream.Stream<ResponseEventInput, E, R>) =>
  Stream.runForEach(events, (event) => turn.emit(event))
