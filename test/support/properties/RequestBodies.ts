import { mark } from "./BodyMutations.ts"

/** The ids that a request can name. */
export interface Names {
  readonly thread_id: string
  readonly message: string
  readonly widget: string
  readonly structured: string
  readonly attachment_id: string
}

/** A message that makes something for every operation. */
export const everything = `/structured\n/tool ${mark}\n/widget ${mark}\n/say ${mark}`

/** One good request for each operation, with everything in it that can be in it. */
export const requests = (names: Names): Readonly<Record<string, unknown>> => {
  const { attachment_id, message, structured, thread_id, widget } = names
  const input = {
    content: [
      { type: "input_text", text: mark },
      {
        type: "input_tag",
        id: mark,
        text: mark,
        data: { [mark]: [null] },
        group: mark,
        interactive: true
      }
    ],
    attachments: [attachment_id],
    inference_options: { tool_choice: { id: mark }, model: mark },
    quoted_text: mark
  }
  const page = { limit: 5, order: "asc", after: null }
  const action = { type: mark, payload: { [mark]: [mark] } }
  const answers = {
    pick: { values: [mark], skipped: false },
    notes: { values: [mark], skipped: false }
  }
  const params: Readonly<Record<string, unknown>> = {
    "threads.get_by_id": { thread_id },
    "threads.list": { ...page, after: thread_id },
    "threads.update": { thread_id, title: mark },
    "threads.delete": { thread_id },
    "items.list": { thread_id, ...page, after: message },
    "items.feedback": { thread_id, item_ids: [message], kind: "positive" },
    "attachments.create": { name: mark, size: 10, mime_type: "text/plain" },
    "attachments.delete": { attachment_id },
    "input.transcribe": { audio_base64: "aHVudGVyMg==", mime_type: "audio/webm;codecs=opus" },
    "threads.sync_custom_action": { thread_id, item_id: widget, action },
    "threads.create": { input },
    "threads.add_user_message": { thread_id, input },
    "threads.add_client_tool_output": { thread_id, result: { [mark]: [null] } },
    "threads.add_structured_input": {
      thread_id,
      item_id: structured,
      input: { status: "answered", answers }
    },
    "threads.retry_after_item": { thread_id, item_id: message },
    "threads.custom_action": { thread_id, item_id: widget, action }
  }
  return {
    ...Object.fromEntries(
      Object.entries(params).map(([type, params]) => [
        type,
        { type, params, metadata: { [mark]: mark } }
      ])
    ),
    "in short": { message: mark, thread_id }
  }
}
