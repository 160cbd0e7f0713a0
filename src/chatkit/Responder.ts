import { Context, Effect, Layer, Stream } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import type { AssistantMessageContent, ThreadMetadata, UserMessageItem } from "./Entities.ts"
import type { ResponseEvent } from "./Events.ts"
import { Ids } from "./Ids.ts"

/** What a turn is about. */
export interface Turn {
  readonly thread: ThreadMetadata
  readonly message: UserMessageItem
}

/** Where the words come from: answers one message of the current user, event by event. */
export class Responder extends Context.Service<
  Responder,
  {
    readonly respond: (turn: Turn) => Stream.Stream<ResponseEvent, unknown, CurrentUser>
  }
>()("effect-chatkit/chatkit/Responder") {
  /** Says the message back, one delta for each word. */
  static readonly layerEcho = Layer.effect(
    Responder,
    Effect.gen(function* () {
      const ids = yield* Ids
      return {
        respond: ({ message, thread }) => {
          const spoken = message.content.map((part) =>
            part.type === "input_text" ? part.text : `@${part.text}`
          )
          return Stream.unwrap(
            Effect.map(Effect.all([ids.make("msg"), ids.now]), ([id, created_at]) =>
              say({ id, created_at, thread_id: thread.id }, `Echo: ${spoken.join(" ")}`)
            )
          )
        }
      }
    })
  )
}

const say = (
  base: { readonly id: string; readonly created_at: string; readonly thread_id: string },
  text: string
): Stream.Stream<ResponseEvent> => {
  const part = (text: string): AssistantMessageContent => ({
    annotations: [],
    text,
    type: "output_text"
  })
  const item = (content: ReadonlyArray<AssistantMessageContent>) => ({
    ...base,
    type: "assistant_message" as const,
    content
  })
  const update = (update: Extract<ResponseEvent, { item_id: string }>["update"]) => ({
    type: "thread.item.updated" as const,
    item_id: base.id,
    update
  })
  const words = text.match(/\s*\S+|\s+$/g) ?? []
  const content_index = 0
  return Stream.fromIterable<ResponseEvent>([
    { type: "thread.item.added", item: item([]) },
    update({ type: "assistant_message.content_part.added", content_index, content: part("") }),
    ...words.map((delta) =>
      update({ type: "assistant_message.content_part.text_delta", content_index, delta })
    ),
    update({ type: "assistant_message.content_part.done", content_index, content: part(text) }),
    { type: "thread.item.done", item: item([part(text)]) }
  ])
}
