import { Clock, Effect, type Schema, Stream } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import type { ResponseEventInput } from "../protocol/Events.ts"
import { difference } from "../protocol/widgets/Diff.ts"
import type { WidgetRoot } from "../protocol/widgets/AnyWidget.ts"
import type { Task, Workflow } from "../protocol/Workflows.ts"
import { itemUpdated, messageBegun, messageDelta, messageDone } from "./ItemEvents.ts"
import type { Turn } from "./Turn.ts"

export {
  effect,
  emit,
  hidden,
  image,
  notice,
  progress,
  redraw,
  structuredInput,
  task,
  title
} from "./AnswerItems.ts"

/**
 * The events of one answer. A failure ends the answer with an error event; the errors in
 * `StreamErrors.ts` choose its content.
 */
export type Answer = Stream.Stream<ResponseEventInput, unknown, CurrentUser>

type Events<E = never, R = never> = Stream.Stream<ResponseEventInput, E, R>

/** Streams the deltas of a model as one assistant message. */
export const streamText = <E, R>(turn: Turn, deltas: Stream.Stream<string, E, R>): Events<E, R> =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) => {
      let text = ""
      return messageBegun(base).pipe(
        Stream.concat(
          Stream.map(deltas, (delta) => {
            text += delta
            return messageDelta(base, delta)
          })
        ),
        Stream.concat(Stream.suspend(() => messageDone(base, text)))
      )
    })
  )

/** Sends a complete text as one assistant message, with one delta for each word. */
export const say = (turn: Turn, text: string): Events =>
  streamText(turn, Stream.fromIterable(wordsOf(text)))

/** Sends a text and never completes its message, like a model that was interrupted. */
export const sayPartly = (turn: Turn, text: string): Events =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) =>
      Stream.concat(
        messageBegun(base),
        Stream.fromIterable(wordsOf(text).map((word) => messageDelta(base, word)))
      )
    )
  )

/** The words of a text, each with the white space before it. */
const wordsOf = (text: string) => text.match(/\s*\S+|\s+$/g) ?? []

/** Streams the states of a widget and sends only the difference from one state to the next. */
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
      let current: WidgetRoot | undefined
      const step = (state: WidgetRoot): ReadonlyArray<ResponseEventInput> => {
        const before = current
        current = state
        return before === undefined
          ? [{ type: "thread.item.added", item: item(state) }]
          : difference(before, state).map((change) => itemUpdated(base.id, change))
      }
      const done = Stream.suspend((): Events =>
        current === undefined
          ? Stream.empty
          : Stream.succeed({ type: "thread.item.done", item: item(current) })
      )
      return states.pipe(Stream.map(step), Stream.flattenIterable, Stream.concat(done))
    })
  )

/** Sends a complete widget. */
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

/** A task to add, or the new state of the task at `index`. */
export interface WorkflowStep {
  readonly index?: number
  readonly task: Task
}

/**
 * Shows the work before an answer as a list of tasks. Without a `summary`, the finished workflow
 * shows its duration in whole seconds.
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
        return itemUpdated(base.id, {
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
 * Asks the page to run one of its tools. This must be the last event of the answer: the client runs
 * the tool after the stream has ended, and the next turn has no message and finds the output in its
 * history.
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
