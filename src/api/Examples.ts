import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import type { ChatKitRequest } from "../protocol/Requests.ts"
import type { Thread } from "../protocol/Threads.ts"

type Named<A> = Readonly<Record<string, { readonly summary?: string; readonly value: A }>>

const thread_id = "thr_6af558767f5a87ec4eb7e3234885375f"
const item_id = "msg_e8a4a57f80b01e17b250ef8c8891d3fc"
const attachment_id = "atc_c2e25f1a4032e7f68f39be28631af60d"
const created_at = "2026-11-22T13:50:49.660000Z"

const input = {
  content: [{ type: "input_text" as const, text: "Hello" }],
  attachments: [],
  inference_options: {}
}

/** One request for each operation, and the short form first: it is the one to try. */
export const requests = {
  message: { summary: "A message, in its short form", value: { message: "Hello" } },
  "threads.create": { value: { type: "threads.create", params: { input } } },
  "threads.add_user_message": {
    value: { type: "threads.add_user_message", params: { thread_id, input } }
  },
  "threads.add_client_tool_output": {
    value: { type: "threads.add_client_tool_output", params: { thread_id, result: { degrees: 4 } } }
  },
  "threads.add_structured_input": {
    value: {
      type: "threads.add_structured_input",
      params: { thread_id, item_id, input: { answers: { size: { values: ["large"] } } } }
    }
  },
  "threads.retry_after_item": {
    value: { type: "threads.retry_after_item", params: { thread_id, item_id } }
  },
  "threads.custom_action": {
    value: {
      type: "threads.custom_action",
      params: { thread_id, item_id, action: { type: "order", payload: { id: 7 } } }
    }
  },
  "threads.sync_custom_action": {
    value: {
      type: "threads.sync_custom_action",
      params: { thread_id, item_id, action: { type: "select", payload: { id: 7 } } }
    }
  },
  "threads.list": { value: { type: "threads.list", params: { limit: 20 } } },
  "threads.get_by_id": { value: { type: "threads.get_by_id", params: { thread_id } } },
  "threads.update": {
    value: { type: "threads.update", params: { thread_id, title: "Trip to Oslo" } }
  },
  "threads.delete": { value: { type: "threads.delete", params: { thread_id } } },
  "items.list": { value: { type: "items.list", params: { thread_id, order: "asc" } } },
  "items.feedback": {
    value: { type: "items.feedback", params: { thread_id, item_ids: [item_id], kind: "positive" } }
  },
  "attachments.create": {
    value: {
      type: "attachments.create",
      params: { name: "notes.txt", size: 6, mime_type: "text/plain" }
    }
  },
  "attachments.delete": { value: { type: "attachments.delete", params: { attachment_id } } },
  "input.transcribe": {
    value: {
      type: "input.transcribe",
      params: { audio_base64: "GkXfo59C", mime_type: "audio/webm" }
    }
  }
} satisfies Named<(typeof ChatKitRequest)["Encoded"]>

const message = {
  id: item_id,
  thread_id,
  created_at,
  type: "user_message" as const,
  ...input
}

const answer = {
  id: "msg_74698d5ca872abdebdcfa0b090421240",
  thread_id,
  created_at: "2026-11-22T13:50:49.678000Z",
  type: "assistant_message" as const,
  content: [{ annotations: [], text: "Echo: Hello", type: "output_text" as const }]
}

const thread = {
  id: thread_id,
  created_at,
  status: { type: "active" as const },
  metadata: {}
}

/** A thread as it is read, with its items. */
export const threadWithItems: (typeof Thread)["Encoded"] = {
  ...thread,
  items: { data: [message, answer], has_more: false }
}

/** The attachment as an upload answers it. */
export const uploaded: (typeof Attachment)["Encoded"] = {
  id: attachment_id,
  name: "notes.txt",
  mime_type: "text/plain",
  type: "file"
}

/** The documents that the operations without a stream answer with. */
export const documents = {
  "threads.get_by_id, threads.update": { value: threadWithItems },
  "threads.list": {
    value: {
      data: [{ ...thread, items: { data: [], has_more: false } }],
      has_more: false
    }
  },
  "items.list": { value: { data: [message, answer], has_more: true, after: answer.id } },
  "attachments.create": {
    value: {
      ...uploaded,
      upload_descriptor: {
        url: `http://127.0.0.1:8000/support/attachments/${attachment_id}/upload?user=demo-ada&expires=1795359049&signature=…`,
        method: "PUT",
        headers: { "Content-Type": "text/plain" }
      }
    }
  },
  "input.transcribe": { value: { text: "What is the weather in Oslo?" } },
  "threads.sync_custom_action": { value: { updated_item: answer } },
  "threads.delete, items.feedback, attachments.delete": { value: {} }
}

const events: ReadonlyArray<(typeof ThreadStreamEvent)["Encoded"]> = [
  { type: "thread.created", thread: { ...thread, items: { data: [], has_more: false } } },
  { type: "thread.item.done", item: message },
  { type: "stream_options", stream_options: { allow_cancel: true } },
  { type: "thread.item.added", item: { ...answer, content: [] } },
  {
    type: "thread.item.updated",
    item_id: answer.id,
    update: {
      type: "assistant_message.content_part.added",
      content_index: 0,
      content: { annotations: [], text: "", type: "output_text" }
    }
  },
  {
    type: "thread.item.updated",
    item_id: answer.id,
    update: {
      type: "assistant_message.content_part.text_delta",
      content_index: 0,
      delta: "Echo: Hello"
    }
  },
  { type: "thread.item.done", item: answer }
]

/** A streamed answer as it comes over the wire. */
export const stream = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")
