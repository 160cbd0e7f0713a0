import { Clock, Effect } from "effect"
import type { ResponseEventInput } from "../../../protocol/Events.ts"
import type { ItemBase, WorkflowItem } from "../../../protocol/Items.ts"
import type { Task, Workflow } from "../../../protocol/Workflows.ts"
import { itemUpdated } from "../../ItemEvents.ts"
import type { Turn } from "../../Turn.ts"

type Events = ReadonlyArray<ResponseEventInput>

const thoughtOf = (content: string): Task => ({
  type: "thought",
  content,
  status_indicator: "none"
})

interface Open {
  readonly base: ItemBase
  /** Milliseconds. */
  readonly began: number
  readonly type: Workflow["type"]
  readonly tasks: Array<Task>
}

const continuing = ({ created_at, id, thread_id, workflow }: WorkflowItem): Open => ({
  base: { id, thread_id, created_at },
  began: Date.parse(created_at),
  type: workflow.type,
  tasks: workflow.tasks.slice()
})

/**
 * The reasoning of a model as a workflow of thoughts. The first thought of a workflow grows on the
 * screen, later ones arrive whole. The next visible item closes the workflow, which then shows its
 * duration. One that is left open at the end of a turn is continued by the next.
 */
export const reasoningEvents = (turn: Turn, left: WorkflowItem | undefined) => {
  let open = left === undefined ? undefined : continuing(left)
  let thought: { readonly isFirst: boolean; text: string } | undefined

  const begin = Effect.gen(function* () {
    thought = { isFirst: false, text: "" }
    if (open !== undefined) return []
    const base = yield* turn.newItem("workflow")
    open = { base, began: yield* Clock.currentTimeMillis, type: "reasoning", tasks: [] }
    thought = { isFirst: true, text: "" }
    const event: ResponseEventInput = {
      type: "thread.item.added",
      item: {
        ...base,
        type: "workflow",
        workflow: { type: "reasoning", tasks: [], expanded: false }
      }
    }
    return [event]
  })

  const show = (type: "added" | "updated"): Events => {
    if (open === undefined || thought === undefined) return []
    const task = thoughtOf(thought.text)
    if (type === "added") open.tasks.push(task)
    else open.tasks[open.tasks.length - 1] = task
    const task_index = open.tasks.length - 1
    return [itemUpdated(open.base.id, { type: `workflow.task.${type}`, task_index, task })]
  }

  const append = (delta: string): Events => {
    if (thought === undefined) return []
    const isNew = thought.text === ""
    thought.text += delta
    return thought.isFirst && thought.text !== "" ? show(isNew ? "added" : "updated") : []
  }

  const endThought = (): Events => {
    const events =
      thought !== undefined && !thought.isFirst && thought.text !== "" ? show("added") : []
    thought = undefined
    return events
  }

  /** Before the next visible item. */
  const close = Effect.map(Clock.currentTimeMillis, (now): Events => {
    const last = endThought()
    if (open === undefined) return last
    const { base, began, tasks, type } = open
    open = undefined
    const summary = { duration: Math.max(0, Math.round((now - began) / 1000)) }
    return [
      ...last,
      {
        type: "thread.item.done",
        item: { ...base, type: "workflow", workflow: { type, tasks, summary, expanded: false } }
      }
    ]
  })

  return { begin, append, endThought, close }
}

/**
 * The workflow that the last turn left open: the newest item, or the one before a tool call. Notes
 * for the model show nothing, so that reasoning goes on across them.
 */
export const openWorkflow = (
  newestFirst: ReadonlyArray<{ readonly type: string }>
): WorkflowItem | undefined => {
  const [newest, second] = newestFirst.filter(({ type }) => type !== "hidden_context_item")
  const found = newest?.type === "client_tool_call" ? second : newest
  return isOpenWorkflow(found) ? found : undefined
}

const isOpenWorkflow = (item: { readonly type: string } | undefined): item is WorkflowItem =>
  item?.type === "workflow" && (item as WorkflowItem).workflow.summary === undefined
