import { Effect, Layer, Stream } from "effect"
import { LanguageModel, type Prompt, Response, type Tool } from "effect/ai"
import type { ThreadMetadata } from "../../src/protocol/Threads.ts"
import type { ThreadItem } from "../../src/protocol/Items.ts"
import type { ResponseEventInput } from "../../src/protocol/Events.ts"
import { type IdKind, prefixes } from "../../src/core/Ids.ts"
import { NotFound } from "../../src/core/Errors.ts"
import { FileRefused } from "../../src/responder/Errors.ts"
import * as ModelResponder from "../../src/responder/model/ModelResponder.ts"
import type { MessageTurn } from "../../src/responder/Turn.ts"
import { chatKit } from "./ChatKitService.ts"
import { thread } from "./ThreadFixtures.ts"

export type Said = ReadonlyArray<Response.StreamPartEncoded>

/** The answer of the model to one request. */
export type Request = Said | Stream.Stream<Response.StreamPartEncoded>

export const finish = (
  reason: Response.FinishReason = "stop",
  input?: number,
  output?: number
): Response.StreamPartEncoded => ({
  type: "finish",
  reason,
  usage: {
    inputTokens: input === undefined ? {} : { total: input },
    outputTokens: output === undefined ? {} : { total: output }
  }
})

export const text = (...deltas: ReadonlyArray<string>): Said => [
  { type: "text-start", id: "t" },
  ...deltas.map((delta) => ({ type: "text-delta" as const, id: "t", delta })),
  { type: "text-end", id: "t" }
]

export const call = (id: string, name: string, params: unknown = {}): Said => [
  { type: "tool-call", id, name, params }
]

/** A model that does for each request what the script says, and keeps the prompts. */
export const scriptedModel = (...script: ReadonlyArray<Request>) => {
  const prompts: Array<Prompt.Prompt> = []
  const layer = Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({
      generateText: () => Effect.succeed([{ type: "text", text: '"a title."' }, finish()] as never),
      streamText: ({ prompt }) =>
        Stream.suspend(() => {
          const request = script[prompts.push(prompt) - 1] ?? []
          return Stream.isStream(request) ? request : Stream.fromIterable(request)
        })
    })
  )
  return { prompts, layer }
}

/** ChatKit over memory, answering from a scripted model. */
export const modelKit = <Tools extends Record<string, Tool.Any> = {}>(
  model: { readonly layer: Layer.Layer<LanguageModel.LanguageModel> },
  options: ModelResponder.ModelResponderOptions<Tools> = {}
) => chatKit(ModelResponder.layer(options as {}).pipe(Layer.provide(model.layer)))

/** The results of tools in a prompt, in their order. */
export const resultsIn = (prompt: Prompt.Prompt | undefined): ReadonlyArray<unknown> =>
  (prompt?.content ?? []).flatMap((message) =>
    message.role === "tool"
      ? message.content.flatMap((part) => (part.type === "tool-result" ? [part.result] : []))
      : []
  )

/** A turn for the parts of the responder, with files by their ids. */
export const turnWith = (files: Readonly<Record<string, Uint8Array>> = {}) => {
  const emitted: Array<ResponseEventInput> = []
  const kept: Array<{ readonly name: string; readonly bytes: Uint8Array }> = []
  let count = 0
  let metadata: ThreadMetadata = thread("thr_1")
  const turn: MessageTurn = {
    message: undefined,
    thread: Effect.sync(() => metadata),
    updateThread: (change) =>
      Effect.sync(() => {
        metadata = change(metadata)
      }),
    history: () => Effect.succeed({ data: [], has_more: false }),
    newItem: (kind: IdKind) =>
      Effect.sync(() => ({
        id: `${prefixes[kind]}_${++count}`,
        thread_id: "thr_1",
        created_at: "1970-01-01T00:00:00Z"
      })),
    emit: (...events) => Effect.sync(() => void emitted.push(...events)),
    read: (id) => {
      const bytes = files[id]
      return bytes === undefined
        ? Stream.fail(new NotFound({ object: "Attachment" }))
        : Stream.make(bytes.subarray(0, 3), bytes.subarray(3))
    },
    attach: ({ bytes, mime_type, name }) =>
      bytes.length === 0
        ? Effect.fail(new FileRefused({ reason: "empty" }))
        : Effect.sync(() => {
            const id = `atc_${kept.push({ name, bytes })}`
            return mime_type.startsWith("image/")
              ? { id, name, mime_type, type: "image", preview_url: `https://files.test/${id}` }
              : { id, name, mime_type, type: "file" }
          }),
    locale: "en",
    requestId: "req_1"
  }
  return { turn, emitted, kept, metadata: () => metadata }
}

/** The base of an item in a thread, and its type and fields. */
export const itemOf = <Type extends ThreadItem["type"]>(
  type: Type,
  rest: Omit<
    Extract<ThreadItem, { readonly type: Type }>,
    "id" | "thread_id" | "created_at" | "type"
  >
) =>
  ({
    id: `${type}_1`,
    thread_id: "thr_1",
    created_at: "1970-01-01T00:00:00Z",
    type,
    ...rest
  }) as Extract<ThreadItem, { readonly type: Type }>
