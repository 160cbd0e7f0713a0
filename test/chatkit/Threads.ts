import type { ThreadMetadata, UserMessageItem } from "../../src/chatkit/Entities.ts"

const created_at = "2026-01-02T03:04:05Z"

export const thread = (id: string, overrides: Partial<ThreadMetadata> = {}): ThreadMetadata => ({
  id,
  created_at,
  status: { type: "active" },
  metadata: {},
  ...overrides
})

export const message = (thread_id: string, id: string, text = "Hello"): UserMessageItem => ({
  id,
  thread_id,
  created_at,
  type: "user_message",
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {}
})
