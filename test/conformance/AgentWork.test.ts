import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import type { Turn } from "../../src/responder/Turn.ts"
import { create } from "../support/ChatKitService.ts"
import { inOrder, one } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { added, done, opened, spoken, sse, updated, user } from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

const thought = (content: string) => ({
  status_indicator: "none" as const,
  type: "thought" as const,
  content
})

type Tasks = ReadonlyArray<ReturnType<typeof thought>>

const work = (tasks: Tasks, summary?: { readonly title: string } | { readonly duration: number }) =>
  expected.item("wf_1", "workflow", {
    workflow: {
      type: "reasoning",
      tasks,
      ...(summary === undefined ? {} : { summary }),
      expanded: false
    }
  })

const thinking = (turn: Turn, ...steps: ReadonlyArray<Answer.WorkflowStep>) =>
  Answer.workflow(turn, { type: "reasoning", tasks: [] }, Stream.fromIterable(steps))

/** However many seconds it took. */
const timeless = (text: string) => text.replace(/"duration":\d+/, `"duration":0`)

const drawing = (turn: Turn, url: string, ...progress: ReadonlyArray<number>) =>
  Stream.unwrap(
    Effect.map(turn.newItem("message"), (base) => {
      const item = { ...base, type: "generated_image" as const }
      const image = { id: "ig_1", url }
      return inOrder(
        one({ type: "thread.item.added", item }),
        ...progress.map((progress) =>
          one({
            type: "thread.item.updated",
            item_id: base.id,
            update: { type: "generated_image.updated", image, progress }
          })
        ),
        one({ type: "thread.item.done", item: { ...item, image } })
      )
    })
  )

/** The first message of somebody is answered like this, and a reload shows the last item so. */
const drawn = Effect.fnUntraced(function* (url: string, ...progress: ReadonlyArray<number>) {
  const me = yield* newClient({ respond: (turn) => drawing(turn, url, ...progress) })
  const image = { id: "ig_1", url }
  const last = expected.item("msg_2", "generated_image", { image })
  assert.strictEqual(
    yield* me.stream(create("Hi")),
    sse(
      ...opened("Hi"),
      added(expected.item("msg_2", "generated_image")),
      ...progress.map((progress) =>
        updated("msg_2", "generated_image.updated", { image, progress })
      ),
      done(last)
    )
  )
  assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(user("msg_1", "Hi"), last))
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's agents at work",
  (it) => {
    it.effect("24. image generation: added without image, done with data URL", () =>
      drawn("data:image/png;base64,iVBORw0KGgo=")
    )

    it.effect("25. image generation with custom URL conversion", () =>
      drawn("https://images.example.com/ig_1")
    )

    it.effect("26. partial image: progress 1/3", () =>
      drawn("data:image/png;base64,iVBORw0KGgo=", 1 / 3)
    )

    it.effect("27. first thought streams, later ones arrive whole", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            thinking(
              turn,
              { task: thought("Hm") },
              { index: 0, task: thought("Hm, yes") },
              { task: thought("So be it") }
            )
        })
        const tasks = [thought("Hm, yes"), thought("So be it")]
        const last = work(tasks, { duration: 0 })
        const task = (type: string, task_index: number, task: Tasks[number]) =>
          updated("wf_1", `workflow.task.${type}`, { task_index, task })
        assert.strictEqual(
          timeless(yield* me.stream(create("Hi"))),
          sse(
            ...opened("Hi"),
            added(work([])),
            task("added", 0, thought("Hm")),
            task("updated", 0, thought("Hm, yes")),
            task("added", 1, thought("So be it")),
            done(last)
          )
        )
        const [, kept] = yield* me.stored("thr_1")
        assert.strictEqual(timeless(JSON.stringify(kept)), JSON.stringify(last))
      })
    )

    it.effect("28. a message ends the workflow with a duration, collapsed", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            inOrder(thinking(turn, { task: thought("Hm") }), Answer.say(turn, "Yes"))
        })
        assert.strictEqual(
          timeless(yield* me.stream(create("Hi"))),
          sse(
            ...opened("Hi"),
            added(work([])),
            updated("wf_1", "workflow.task.added", { task_index: 0, task: thought("Hm") }),
            done(work([thought("Hm")], { duration: 0 })),
            ...spoken("msg_2", "Yes")
          )
        )
      })
    )

    it.effect("29. an existing summary survives the automatic end", () =>
      Effect.gen(function* () {
        const summary = { title: "Thought about it" }
        const me = yield* newClient({
          respond: (turn) =>
            Answer.workflow(
              turn,
              { type: "reasoning", tasks: [thought("Hm")], summary },
              Stream.empty
            )
        })
        assert.strictEqual(
          yield* me.stream(create("Hi")),
          sse(...opened("Hi"), added(work([thought("Hm")])), done(work([thought("Hm")], summary)))
        )
      })
    )
  }
)
