import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { ResponseEventInput } from "../../../../../src/protocol/Events.ts"
import type { WorkflowItem } from "../../../../../src/protocol/Items.ts"
import {
  openWorkflow,
  reasoningEvents
} from "../../../../../src/responder/model/events/ReasoningEvents.ts"
import { itemOf, turnWith } from "../../../../support/ScriptedModel.ts"
import { hidden, message, toolCall } from "../../../../support/ThreadFixtures.ts"

const workflowOf = (workflow: Partial<WorkflowItem["workflow"]> = {}) =>
  itemOf("workflow", {
    workflow: {
      type: "reasoning",
      tasks: [{ type: "thought", content: "Before", status_indicator: "none" }],
      expanded: false,
      ...workflow
    }
  })

/** A line for each event: what it does, and with which thought. */
const gist = (events: ReadonlyArray<ResponseEventInput>) =>
  events.map((event) => {
    if (event.type === "thread.item.updated" && "task" in event.update) {
      const { task, task_index, type } = event.update
      return `${type} ${task_index} ${"content" in task ? task.content : ""}`
    }
    return event.type
  })

const workflowIn = (events: ReadonlyArray<ResponseEventInput>) => {
  const last = events.at(-1)
  return last?.type === "thread.item.done" && last.item.type === "workflow"
    ? last.item
    : assert.fail("no workflow is done")
}

describe("thoughts", () => {
  it.effect("grow when they are the first of their workflow, and arrive whole when not", () =>
    Effect.gen(function* () {
      const { append, begin, endThought } = reasoningEvents(turnWith().turn, undefined)
      const events = [
        ...(yield* begin),
        ...append("Let"),
        ...append(" me"),
        ...endThought(),
        ...(yield* begin),
        ...append("Then"),
        ...append(" this"),
        ...endThought()
      ]
      assert.deepStrictEqual(gist(events), [
        "thread.item.added",
        "workflow.task.added 0 Let",
        "workflow.task.updated 0 Let me",
        "workflow.task.added 1 Then this"
      ])
    })
  )

  it.effect("without words leave no trace", () =>
    Effect.gen(function* () {
      const { append, begin, endThought } = reasoningEvents(turnWith().turn, undefined)
      yield* begin
      assert.deepStrictEqual([...append(""), ...endThought()], [])
    })
  )
})

describe("the workflow of thoughts", () => {
  it.effect("is closed with its duration in whole seconds, and not expanded", () =>
    Effect.gen(function* () {
      const { append, begin, close, endThought } = reasoningEvents(turnWith().turn, undefined)
      yield* begin
      append("Hm")
      endThought()
      yield* TestClock.adjust("2600 millis")
      const { workflow } = workflowIn(yield* close)
      assert.deepStrictEqual(workflow.summary, { duration: 3 })
      assert.isFalse(workflow.expanded)
      assert.lengthOf(workflow.tasks, 1)
      assert.deepStrictEqual(yield* close, [])
    })
  )

  it.effect("that was left open goes on, and its duration counts from its beginning", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("20 seconds")
      const reasoning = reasoningEvents(turnWith().turn, workflowOf())
      const events = [
        ...(yield* reasoning.begin),
        ...reasoning.append("After"),
        ...reasoning.endThought()
      ]
      assert.deepStrictEqual(gist(events), ["workflow.task.added 1 After"])
      const { id, workflow } = workflowIn(yield* reasoning.close)
      assert.strictEqual(id, "workflow_1")
      assert.deepStrictEqual(workflow.summary, { duration: 20 })
      assert.lengthOf(workflow.tasks, 2)
    })
  )

  it.effect("that was left open keeps its kind when it is closed", () =>
    Effect.gen(function* () {
      const { close } = reasoningEvents(turnWith().turn, workflowOf({ type: "custom" }))
      assert.strictEqual(workflowIn(yield* close).workflow.type, "custom")
    })
  )

  it("is left open when it is the newest item, or only a tool call is newer", () => {
    const open = workflowOf()
    const closed = workflowOf({ summary: { duration: 1 } })
    const call = toolCall("thr_1", "tc_1", "completed")
    assert.strictEqual(openWorkflow([open]), open)
    assert.strictEqual(openWorkflow([call, open]), open)
    const note = hidden("thr_1", "msg_2")
    assert.strictEqual(openWorkflow([call, note, open]), open)
    assert.isUndefined(openWorkflow([closed]))
    assert.isUndefined(openWorkflow([message("thr_1", "msg_1"), open]))
    assert.isUndefined(openWorkflow([call, call, open]))
    assert.isUndefined(openWorkflow([]))
  })
})
