import { Clock, Effect, type Schema, Stream } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import type { ResponseEventInput } from "../protocol/Events.ts"
import type { AssistantMessageContent, ItemBase } from "../protocol/Items.ts"
import type { Turn } from "./Responder.ts"
import type { ThreadItemUpdate } from "../protocol/ItemUpdates.ts"
import { difference } from "../protocol/widgets/Diff.ts"
import type { WidgetRoot } from "../protocol/widgets/AnyWidget.ts"
import type { Task, Workflow } from "../protocol/Workflows.ts"

/**
 * The events of one answer. A failure ends it with an error event; the errors of `StreamErrors.ts`
 * choose which one.
 */
export type Answer = Stream.Stream<ResponseEventInput, unknown, CurrentUser>

type Events<E = never, R = never> = Stream.Stream<ResponseEventInput, E, R>

const update = (item_id: string, update: ThreadItemUpdate): ResponseEventInput => ({
  type: "thread.item.updated",
  item_id,
  update
})

const part = (text: string): AssistantMessageContent => ({
  annotations: [],
  text,
  type: "output_text"
})

const message = (base: ItemBase, ...content: ReadonlyArray<AssistantMessageContent>) => ({
  ...base,
  type: "assistant_message" as const,
  content
})

/** Streams a text, as a model produces it, as one assistant message. */
export const streamText = <E, R>(turn: Turn, deltas: Stream.Stream<string, E, R>): Events<E, R> =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) => {
      let text = ""
      return beginning(base).pipe(
        Stream.concat(
          Stream.map(deltas, (delta) => {
            text += delta
            return deltaOf(base, delta)
          })
        ),
        Stream.concat(Stream.suspend(() => ending(base, text)))
      )
    })
  )

/** Says a text that is known from the start, one delta for each word. */
export const say = (turn: Turn, text: string): Events =>
  streamText(turn, Stream.fromIterable(wordsOf(text)))

/** The same without its end, as a model that was interrupted leaves it. */
export const sayPartly = (turn: Turn, text: string): Events =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) =>
      Stream.concat(
        beginning(base),
        Stream.fromIterable(wordsOf(text).map((word) => deltaOf(base, word)))
      )
    )
  )

const wordsOf = (text: string) => text.match(/\s*\S+|\s+$/g) ?? []

const beginning = (base: ItemBase) =>
  Stream.make<ReadonlyArray<ResponseEventInput>>(
    { type: "thread.item.added", item: message(base) },
    update(base.id, {
      type: "assistant_message.content_part.added",
      content_index: 0,
      content: part("")
    })
  )

const deltaOf = (base: ItemBase, delta: string) =>
  update(base.id, {
    type: "assistant_message.content_part.text_delta",
    content_index: 0,
    delta
  })

const ending = (base: ItemBase, text: string) =>
  Stream.make<ReadonlyArray<ResponseEventInput>>(
    update(base.id, {
      type: "assistant_message.content_part.done",
      content_index: 0,
      content: part(text)
    }),
    { type: "thread.item.done", item: message(base, part(text)) }
  )

/** Shows the states of a widget, sending only what changes from one to the next. */
export const streamWidget = <E, R>(
  turn: Turn,
  states: Stream.Stream<WidgetRoot, E, R>,
  options: { readonly copy_text?: string } = {}
): Events<E, R> =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) => {
      const item = (widget: WidgetRoot) => ({
        ...base,
        type: "widget" as const,
        widget,
        ...options
      })
      let shown: WidgetRoot | undefined
      const step = (state: WidgetRoot): ReadonlyArray<ResponseEventInput> => {
        const before = shown
        shown = state
        return before === undefined
          ? [{ type: "thread.item.added", item: item(state) }]
          : difference(before, state).map((change) => update(base.id, change))
      }
      const done = Stream.suspend((): Events =>
        shown === undefined
          ? Stream.empty
          : Stream.succeed({ type: "thread.item.done", item: item(shown) })
      )
      return states.pipe(Stream.map(step), Stream.flattenIterable, Stream.concat(done))
    })
  )

/** Shows a widget at once. */
export const widget = (
  turn: Turn,
  root: WidgetRoot,
  options: { readonly copy_text?: string } = {}
): Events =>
  Stream.fromEffect(
    Effect.map(turn.newItem("message"), (base) => ({
      type: "thread.item.done" as const,
      item: { ...base, type: "widget" as const, widget: root, ...options }
    }))
  )

/** A task to add, or the new state of the one at `index`. */
export interface WorkflowStep {
  readonly index?: number
  readonly task: Task
}

/**
 * Shows work that goes on before the answer. Unless `summary` says otherwise, what is left to see
 * of it in the end is how long it took, in whole seconds.
 */
export const workflow = <E, R>(
  turn: Turn,
  begin: Pick<Workflow, "type" | "tasks"> & Partial<Workflow>,
  steps: Stream.Stream<WorkflowStep, E, R>
): Events<E, R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const base = yield* turn.newItem("workflow")
      const began = yield* Clock.currentTimeMillis
      const { expanded = false, summary, tasks: first, type } = begin
      const tasks = first.slice()
      const item = (workflow: Workflow) => ({ ...base, type: "workflow" as const, workflow })
      const step = ({ index = tasks.length, task }: WorkflowStep): ResponseEventInput => {
        const isNew = index >= tasks.length
        const task_index = isNew ? tasks.push(task) - 1 : index
        tasks[task_index] = task
        return update(base.id, {
          type: isNew ? "workflow.task.added" : "workflow.task.updated",
          task_index,
          task
        })
      }
      const done = Effect.map(Clock.currentTimeMillis, (now): ResponseEventInput => {
        const duration = Math.round((now - began) / 1000)
        return {
          type: "thread.item.done",
          item: item({ type, tasks: tasks.slice(), summary: summary ?? { duration }, expanded })
        }
      })
      return Stream.succeed<ResponseEventInput>({
        type: "thread.item.added",
        item: item({ type, tasks: first, expanded })
      }).pipe(Stream.concat(Stream.map(steps, step)), Stream.concat(Stream.fromEffect(done)))
    })
  )

/**
 * Asks the page to run one of its tools. The answer has to end with it: the client runs the tool
 * once the stream is over, and the next turn, without a message, finds the output in its history.
 */
export const clientToolCall = (
  turn: Turn,
  call: {
    readonly name: string
    readonly arguments: { readonly [key: string]: Schema.Json }
    readonly call_id?: string
  }
): Events =>
  Stream.fromEffect(
    Effect.map(turn.newItem("tool_call"), (base) => ({
      type: "thread.item.done" as const,
      item: {
        ...base,
        type: "client_tool_call" as const,
        status: "pending" as const,
        call_id: call.call_id ?? base.id,
        name: call.name,
        arguments: call.arguments
      }
    }))
  )
