import { Effect, Stream } from "effect"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import type { Task } from "../../protocol/Workflows.ts"
import * as Answer from "../Answer.ts"
import { card } from "./Card.ts"
import { type Directives, itemDone } from "./Directive.ts"

const first: Task = { status_indicator: "loading", type: "custom", title: "one" }

/** Adds an item of each kind. */
export const itemDirectives: Directives = {
  hidden: {
    usage: "TEXT",
    run: (turn, content) =>
      itemDone(turn, "message", (base) => ({ ...base, type: "hidden_context_item", content }))
  },
  widget: {
    usage: "TEXT",
    run: (turn, copy_text) => Answer.widget(turn, card(copy_text, "t"), { copy_text })
  },
  widget_stream: {
    usage: "",
    run: (turn) =>
      Answer.streamWidget(
        turn,
        Stream.make(
          card("", "t", true),
          card("Hel", "t", true),
          card("Hello", "t", true),
          card("Bye", "t", false)
        )
      )
  },
  workflow: {
    usage: "",
    run: (turn) =>
      Answer.workflow(
        turn,
        { type: "custom", tasks: [first], summary: { duration: 1 } },
        Stream.make(
          { index: 0, task: { ...first, status_indicator: "complete" as const } },
          {
            task: {
              status_indicator: "none" as const,
              type: "web_search" as const,
              title: "two",
              queries: ["q"],
              sources: []
            }
          }
        )
      )
  },
  task: {
    usage: "TITLE",
    run: (turn, title) =>
      itemDone(turn, "task", (base) => ({ ...base, type: "task", task: { type: "custom", title } }))
  },
  structured: {
    usage: "",
    run: (turn) =>
      itemDone(turn, "message", (base) => ({
        ...base,
        type: "structured_input",
        inputs: [
          {
            id: "pick",
            question: "Which?",
            type: "multiple_choice",
            options: [{ value: "A" }, { value: "B" }]
          },
          { id: "notes", question: "Notes?", type: "freeform" }
        ]
      }))
  },
  image: {
    usage: "",
    run: (turn) =>
      Stream.unwrap(
        Effect.map(turn.newItem("message"), (base) => {
          const item = { ...base, type: "generated_image" as const }
          const image = { id: "img_1", url: "https://img.example.test/1" }
          return Stream.make<ReadonlyArray<ResponseEventInput>>(
            { type: "thread.item.added", item },
            {
              type: "thread.item.updated",
              item_id: base.id,
              update: { type: "generated_image.updated", image, progress: 0.5 }
            },
            { type: "thread.item.done", item: { ...item, image } }
          )
        })
      )
  },
  annotate: {
    usage: "TEXT",
    run: (turn, text) =>
      itemDone(turn, "message", (base) => ({
        ...base,
        type: "assistant_message",
        content: [
          {
            annotations: [
              {
                type: "annotation",
                source: { title: "A", type: "url", url: "https://example.test/a" },
                index: 3
              }
            ],
            text,
            type: "output_text"
          }
        ]
      }))
  },
  end_of_turn: {
    usage: "",
    run: (turn) => itemDone(turn, "message", (base) => ({ ...base, type: "end_of_turn" }))
  }
}
