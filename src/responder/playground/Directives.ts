import { Effect, Result, Schema, Stream } from "effect"
import * as Answer from "../Answer.ts"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import { CustomStreamError, StreamError } from "../StreamErrors.ts"
import { type IconName, isIconName } from "../../protocol/Icons.ts"
import type { AssistantMessageItem, ItemBase } from "../../protocol/Items.ts"
import type { Turn } from "../Responder.ts"
import type { WidgetRoot } from "../../protocol/widgets/AnyWidget.ts"
import type { Task } from "../../protocol/Workflows.ts"

/** What one line of a message to the playground makes it do. */
export interface Directive {
  /** As `/help` shows it. */
  readonly usage: string
  readonly run: (turn: Turn, argument: string) => Answer.Answer
}

const wrong = (message: string) =>
  Stream.fail(new CustomStreamError({ message, allow_retry: false }))

const one = (event: ResponseEventInput): Answer.Answer => Stream.succeed(event)

const done = (
  turn: Turn,
  kind: "message" | "task",
  item: (base: ItemBase) => Extract<ResponseEventInput, { readonly item: unknown }>["item"]
): Answer.Answer =>
  Stream.fromEffect(
    Effect.map(turn.newItem(kind), (base) => ({
      type: "thread.item.done" as const,
      item: item(base)
    }))
  )

const parts = (argument: string) => argument.split("|").map((part) => part.trim())

const object = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
)

/** `NAME|JSON`, where the JSON may hold the separator too. */
const withJson = (
  name: string,
  argument: string,
  use: (name: string, data: { readonly [key: string]: Schema.Json }) => Answer.Answer
): Answer.Answer => {
  const [, first = "", json = "{}"] = /^([^|]*)(?:\|([\s\S]*))?$/.exec(argument) ?? []
  const data = object(json.trim() === "" ? "{}" : json)
  return Result.isSuccess(data)
    ? use(first.trim(), data.success)
    : wrong(`/${name} wants NAME|JSON, where JSON is an object`)
}

const text = (value: string, id?: string, streaming?: boolean) => ({
  ...(id === undefined ? {} : { id }),
  type: "Text" as const,
  value,
  ...(streaming === undefined ? {} : { streaming })
})

/** A card with one text. */
export const card = (...child: Parameters<typeof text>): WidgetRoot => ({
  type: "Card",
  children: [text(...child)]
})

const newestAnswer = (turn: Turn) =>
  Effect.map(turn.history({ limit: 100 }), ({ data }) =>
    data.find((item): item is AssistantMessageItem => item.type === "assistant_message")
  )

const onNewestAnswer = (turn: Turn, change: (item: AssistantMessageItem) => ResponseEventInput) =>
  Stream.unwrap(
    Effect.map(newestAnswer(turn), (item) =>
      item === undefined ? Stream.empty : one(change(item))
    )
  )

const changing = (turn: Turn, change: Parameters<Turn["updateThread"]>[0]): Answer.Answer =>
  Stream.fromEffectDrain(turn.updateThread(change))

const levels = ["info", "warning", "danger"] as const
const first: Task = { status_indicator: "loading", type: "custom", title: "one" }

/** By name, in the order in which `/help` lists them. */
export const directives: Readonly<Record<string, Directive>> = {
  say: { usage: "TEXT", run: Answer.say },
  partial: { usage: "TEXT", run: Answer.sayPartly },
  pause: { usage: "", run: () => Stream.never },
  progress: {
    usage: "ICON|TEXT",
    run: (_, argument) => {
      const [icon = "", message = ""] = parts(argument)
      return icon !== "" && !isIconName(icon)
        ? wrong("/progress wants the name of an icon, as in /progress search|Looking")
        : one({
            type: "progress_update",
            ...(icon === "" ? {} : { icon: icon as IconName }),
            text: message
          })
    }
  },
  notice: {
    usage: "LEVEL|MESSAGE|TITLE",
    run: (_, argument) => {
      const [word = "", message = "", title = ""] = parts(argument)
      const level = levels.find((level) => level === word)
      return level === undefined
        ? wrong(`/notice wants one of ${levels.join(", ")} first`)
        : one({ type: "notice", level, message, ...(title === "" ? {} : { title }) })
    }
  },
  effect: {
    usage: "NAME|JSON",
    run: (_, argument) =>
      withJson("effect", argument, (name, data) => one({ type: "client_effect", name, data }))
  },
  tool: {
    usage: "NAME|JSON",
    run: (turn, argument) =>
      withJson("tool", argument, (name, data) =>
        Answer.clientToolCall(turn, { name, arguments: data, call_id: "call_1" })
      )
  },
  hidden: {
    usage: "TEXT",
    run: (turn, content) =>
      done(turn, "message", (base) => ({ ...base, type: "hidden_context_item", content }))
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
      done(turn, "task", (base) => ({ ...base, type: "task", task: { type: "custom", title } }))
  },
  structured: {
    usage: "",
    run: (turn) =>
      done(turn, "message", (base) => ({
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
      done(turn, "message", (base) => ({
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
    run: (turn) => done(turn, "message", (base) => ({ ...base, type: "end_of_turn" }))
  },
  remove: {
    usage: "",
    run: (turn) => onNewestAnswer(turn, ({ id }) => ({ type: "thread.item.removed", item_id: id }))
  },
  replace: {
    usage: "TEXT",
    run: (turn, text) =>
      onNewestAnswer(turn, (item) => ({
        type: "thread.item.replaced",
        item: { ...item, content: [{ annotations: [], text, type: "output_text" }] }
      }))
  },
  title: {
    usage: "TITLE",
    run: (turn, title) => changing(turn, (thread) => ({ ...thread, title }))
  },
  status: {
    usage: "KIND|REASON",
    run: (turn, argument) => {
      const [type = "", reason = ""] = parts(argument)
      return type === "active"
        ? changing(turn, (thread) => ({ ...thread, status: { type } }))
        : type === "locked" || type === "closed"
          ? changing(turn, (thread) => ({
              ...thread,
              status: { type, ...(reason === "" ? {} : { reason }) }
            }))
          : wrong("/status wants one of active, locked, closed first")
    }
  },
  domains: {
    usage: "A,B",
    run: (turn, argument) =>
      changing(turn, (thread) => ({
        ...thread,
        allowed_image_domains: argument
          .split(",")
          .map((domain) => domain.trim())
          .filter((domain) => domain !== "")
      }))
  },
  meta: {
    usage: "KEY|VALUE",
    run: (turn, argument) => {
      const [key = "", value = ""] = parts(argument)
      return changing(turn, (thread) => ({
        ...thread,
        metadata: { ...thread.metadata, [key]: value }
      }))
    }
  },
  error_event: {
    usage: "MESSAGE",
    run: (_, message) => one({ type: "error", code: "custom", message, allow_retry: false })
  },
  raise: { usage: "MESSAGE", run: (_, message) => Stream.fail(new Error(message)) },
  raise_stream_error: {
    usage: "",
    run: () => Stream.fail(new StreamError({ code: "stream.error", allow_retry: true }))
  },
  raise_custom_error: {
    usage: "MESSAGE|retry",
    run: (_, argument) => {
      const [message = "", retry = ""] = parts(argument)
      return Stream.fail(new CustomStreamError({ message, allow_retry: retry === "retry" }))
    }
  }
}
