import { Effect } from "effect"
import { Prompt } from "effect/ai"
import type { Attachment } from "../../../protocol/Attachments.ts"
import { withoutNulls } from "../../../protocol/Json.ts"
import type { ThreadItem, UserMessageContent } from "../../../protocol/Items.ts"
import type { Task } from "../../../protocol/Workflows.ts"
import { StreamError } from "../../StreamErrors.ts"
import type { Turn } from "../../Turn.ts"
import { attachmentParts } from "./AttachmentParts.ts"
import { hiddenText, questionsText, tasksText } from "./ItemTexts.ts"
import { callMessages, keptMessages } from "./KeptCalls.ts"

type Message = Prompt.MessageEncoded
type Part = Prompt.UserMessagePartEncoded
type Item<Type extends ThreadItem["type"]> = Extract<ThreadItem, { readonly type: Type }>
type Tag = Extract<UserMessageContent, { readonly type: "input_tag" }>

type Converted = Effect.Effect<ReadonlyArray<Message>, unknown>

/** The conversion of a thread into what a model reads: a method for each kind of item. */
export interface PromptConverter {
  /** `isLast` is true for the newest item only; the text it quotes matters there alone. */
  readonly user_message: (item: Item<"user_message">, isLast: boolean) => Converted
  readonly assistant_message: (item: Item<"assistant_message">) => Converted
  readonly client_tool_call: (item: Item<"client_tool_call">) => Converted
  readonly widget: (item: Item<"widget">) => Converted
  readonly generated_image: (item: Item<"generated_image">) => Converted
  readonly structured_input: (item: Item<"structured_input">) => Converted
  readonly task: (item: Item<"task">) => Converted
  readonly workflow: (item: Item<"workflow">) => Converted
  readonly end_of_turn: (item: Item<"end_of_turn">) => Converted
  readonly hidden_context_item: (item: Item<"hidden_context_item">) => Converted
  readonly sdk_hidden_context: (item: Item<"sdk_hidden_context">) => Converted
  readonly attachment: (attachment: Attachment) => Effect.Effect<Part, unknown>
  /** The meaning of a tag, as text for the model. */
  readonly tag: (tag: Tag) => Effect.Effect<string, unknown>
}

const nothing: Converted = Effect.succeed([])
const userSays = (text: string): Message => ({ role: "user", content: text })
const one = (text: string): Converted => Effect.succeed([userSays(text)])
const json = (value: unknown) => JSON.stringify(value)
const hidden = (content: unknown) => one(hiddenText(content))

const tasksDone = (tasks: ReadonlyArray<Task>) => {
  const text = tasksText(tasks)
  return text === undefined ? nothing : one(text)
}

/** Working defaults for every kind of item, of which `own` replaces some. */
export const promptConverter = (
  turn: Turn,
  own: Partial<PromptConverter> = {}
): PromptConverter => {
  const converter: PromptConverter = {
    user_message: Effect.fnUntraced(function* (item, isLast) {
      const text = item.content
        .map((part) => (part.type === "input_text" ? part.text : `@${part.text}`))
        .join("")
      const files = yield* Effect.forEach(item.attachments, converter.attachment)
      const tags = item.content.filter((part) => part.type === "input_tag")
      const unique = [...new Map(tags.map((tag) => [tag.text, tag])).values()]
      const meanings = yield* Effect.forEach(unique, converter.tag)
      const isQuoting = isLast && item.quoted_text !== undefined && item.quoted_text !== ""
      const parts: ReadonlyArray<Part> = [
        ...(text === "" ? [] : [{ type: "text" as const, text }]),
        ...files
      ]
      return [
        ...(parts.length === 0 ? [] : [{ role: "user" as const, content: parts }]),
        ...(isQuoting ? [userSays(`The person refers to this text:\n${item.quoted_text}`)] : []),
        ...(meanings.length === 0
          ? []
          : [userSays(`What the tags above stand for:\n${meanings.join("\n")}`)])
      ]
    }),

    assistant_message: ({ content }) => {
      const parts = content.filter(({ text }) => text !== "")
      return parts.length === 0
        ? nothing
        : Effect.succeed([
            {
              role: "assistant",
              content: parts.map(({ text }) => ({ type: "text" as const, text }))
            }
          ])
    },

    client_tool_call: (item) => {
      // A model may not see a call without its result.
      if (item.status === "pending") return nothing
      const { arguments: params, call_id: id, name, output } = item
      return Effect.succeed(
        callMessages({ id, name, params, isFailure: false, result: output ?? null })
      )
    },

    widget: ({ id, widget }) =>
      one(`The person was shown this widget (id ${id}): ${json(withoutNulls(widget))}`),

    generated_image: ({ image }) =>
      image === undefined
        ? nothing
        : image.id.startsWith("atc_")
          ? Effect.map(
              converter.attachment({
                id: image.id,
                name: "picture",
                // Its bytes say which one it is.
                mime_type: "image/png",
                type: "image",
                preview_url: image.url
              }),
              (part) => [pictureShown(part)]
            )
          : URL.canParse(image.url)
            ? Effect.succeed([
                pictureShown({
                  type: "file",
                  mediaType: /^data:(image\/[^;,]+)/.exec(image.url)?.[1] ?? "image/png",
                  data: new URL(image.url)
                })
              ])
            : nothing,

    structured_input: ({ inputs }) => one(questionsText(inputs)),

    task: ({ task }) => tasksDone([task]),
    workflow: ({ workflow }) => tasksDone(workflow.tasks),
    end_of_turn: () => nothing,
    hidden_context_item: ({ content }) => hidden(content),
    sdk_hidden_context: ({ content }) => hidden(content),
    attachment: attachmentParts(turn),
    tag: ({ data, text }) => Effect.succeed(`@${text}: ${json(data)}`),
    ...own
  }
  return converter
}

const pictureShown = (part: Part): Message => ({
  role: "user",
  content: [{ type: "text", text: "This picture was made and shown to the person:" }, part]
})

/** A prompt of these messages. A wrong one of the options fails, and its text goes nowhere. */
export const promptFrom = (messages: ReadonlyArray<Message>) =>
  Effect.try({
    try: () => Prompt.make(messages),
    catch: () => new StreamError({ code: "stream.error", allow_retry: false })
  }).pipe(
    Effect.tapError(() =>
      Effect.logError("a message for the model is not valid: check `context` and `prompt`")
    )
  )

/** The prompt for items in the order of the thread. The newest get the room for files first. */
export const promptOf = (
  converter: PromptConverter,
  items: ReadonlyArray<ThreadItem>
): Effect.Effect<Prompt.Prompt, unknown> =>
  Effect.forEach(items.toReversed(), (item, index) => convert(converter, item, index === 0)).pipe(
    Effect.flatMap((messages) => promptFrom(messages.toReversed().flat()))
  )

const convert = (converter: PromptConverter, item: ThreadItem, isLast: boolean): Converted => {
  switch (item.type) {
    case "user_message":
      return converter.user_message(item, isLast)
    case "assistant_message":
      return converter.assistant_message(item)
    case "client_tool_call":
      return converter.client_tool_call(item)
    case "widget":
      return converter.widget(item)
    case "generated_image":
      return converter.generated_image(item)
    case "structured_input":
      return converter.structured_input(item)
    case "task":
      return converter.task(item)
    case "workflow":
      return converter.workflow(item)
    case "end_of_turn":
      return converter.end_of_turn(item)
    case "hidden_context_item": {
      const calls = keptMessages(item.content)
      return calls === undefined ? converter.hidden_context_item(item) : Effect.succeed(calls)
    }
    case "sdk_hidden_context":
      return converter.sdk_hidden_context(item)
  }
}
