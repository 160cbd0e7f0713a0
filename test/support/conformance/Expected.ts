import type { Schema } from "effect"

type Json = Schema.Json
export type Fields = { readonly [field: string]: Json }

/** The bytes of these events, their fields in the reference's order. */
export const sse = (...events: ReadonlyArray<Fields>): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

export const page = (...data: ReadonlyArray<Json>): Fields => ({ data, has_more: false })

/** A thread as it is shown, the first one unless `id` says otherwise. */
export const thread = (fields: Fields = {}): Fields => {
  const { allowed_image_domains, id = "thr_1", items = page(), status, title } = fields
  return {
    ...(title === undefined ? {} : { title }),
    id,
    created_at: "T",
    status: status ?? { type: "active" },
    ...(allowed_image_domains === undefined ? {} : { allowed_image_domains }),
    metadata: {},
    items
  }
}

export const item = (id: string, type: string, fields: Fields = {}, thread_id = "thr_1") => ({
  id,
  thread_id,
  created_at: "T",
  type,
  ...fields
})

export const user = (id: string, text: string, fields: Fields = {}, thread_id?: string) => {
  const { attachments = [], content, inference_options = {}, quoted_text } = fields
  const message = {
    content: content ?? [{ type: "input_text", text }],
    attachments,
    ...(quoted_text === undefined ? {} : { quoted_text }),
    inference_options
  }
  return item(id, "user_message", message, thread_id)
}

export const part = (text: string): Fields => ({ annotations: [], text, type: "output_text" })

export const assistant = (id: string, text: string, thread_id?: string) =>
  item(id, "assistant_message", { content: [part(text)] }, thread_id)

export const widget = (id: string, root: Fields, fields: Fields = {}) =>
  item(id, "widget", { widget: root, ...fields })

export const note = (id = "shcx_1") =>
  item(id, "sdk_hidden_context", {
    content: "The user cancelled the stream. Stop responding to the prior request."
  })

export const created = (fields?: Fields): Fields => ({
  type: "thread.created",
  thread: thread(fields)
})
export const changed = (fields: Fields): Fields => ({
  type: "thread.updated",
  thread: thread(fields)
})
export const added = (item: Json): Fields => ({ type: "thread.item.added", item })
export const done = (item: Json): Fields => ({ type: "thread.item.done", item })
export const replaced = (item: Json): Fields => ({ type: "thread.item.replaced", item })
export const removed = (item_id: string): Fields => ({ type: "thread.item.removed", item_id })
export const options: Fields = { type: "stream_options", stream_options: { allow_cancel: true } }
export const broken: Fields = { type: "error", code: "stream.error", allow_retry: true }

export const updated = (item_id: string, type: string, fields: Fields): Fields => ({
  type: "thread.item.updated",
  item_id,
  update: { type, ...fields }
})

/** How a text begins that is said word by word. */
export const begun = (id: string, ...words: ReadonlyArray<string>): ReadonlyArray<Fields> => {
  const message = "assistant_message.content_part"
  const first = { content_index: 0, content: part("") }
  return [
    added(item(id, "assistant_message", { content: [] })),
    updated(id, `${message}.added`, first),
    ...words.map((delta) => updated(id, `${message}.text_delta`, { content_index: 0, delta }))
  ]
}

/** A text that is said word by word. */
export const spoken = (id: string, ...words: ReadonlyArray<string>): ReadonlyArray<Fields> => {
  const text = words.join("")
  const last = { content_index: 0, content: part(text) }
  return [
    ...begun(id, ...words),
    updated(id, "assistant_message.content_part.done", last),
    done(assistant(id, text))
  ]
}

/** The events of a new thread before its answer. */
export const opened = (text: string, fields?: Fields): ReadonlyArray<Fields> => [
  created(),
  done(user("msg_1", text, fields)),
  options
]

export const refused = (status: number, error: string) =>
  [status, { error, status, message: error }] as const
export const notFound = (object: string) => refused(404, `${object} not found`)
export const noCursor = refused(
  404,
  "params.after names nothing that is still there: load the list from its beginning"
)
