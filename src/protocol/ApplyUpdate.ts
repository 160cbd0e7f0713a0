import type { AssistantMessageContent, AssistantMessageItem, ThreadItem } from "./Items.ts"
import type { AssistantMessageUpdate, ThreadItemUpdate } from "./ItemUpdates.ts"
import * as WidgetDiff from "./widgets/Diff.ts"

/**
 * Applies an update to an item as ChatKit's client does. An update for another kind of item changes
 * nothing.
 */
export const applyUpdate = (item: ThreadItem, update: ThreadItemUpdate): ThreadItem => {
  switch (item.type) {
    case "assistant_message":
      return "content_index" in update
        ? { ...item, content: applyToParts(item.content, update) }
        : item
    case "widget":
      return update.type === "widget.streaming_text.value_delta" ||
        update.type === "widget.component.updated" ||
        update.type === "widget.root.updated"
        ? { ...item, widget: WidgetDiff.apply(item.widget, update) }
        : item
    case "workflow": {
      if (!("task_index" in update)) return item
      const tasks = item.workflow.tasks.slice()
      const at = update.type === "workflow.task.added" ? tasks.length : update.task_index
      tasks[Math.min(at, tasks.length)] = update.task
      return { ...item, workflow: { ...item.workflow, tasks } }
    }
    case "generated_image":
      return update.type === "generated_image.updated" ? { ...item, image: update.image } : item
    default:
      return item
  }
}

const emptyPart: AssistantMessageContent = { annotations: [], text: "", type: "output_text" }

const applyToParts = (
  content: AssistantMessageItem["content"],
  update: AssistantMessageUpdate
): AssistantMessageItem["content"] => {
  // An index far beyond the end must not create an endless list.
  const at = Math.min(Math.max(update.content_index, 0), content.length + 100)
  const parts = content.slice()
  while (parts.length <= at) parts.push(emptyPart)
  const part = parts[at] ?? emptyPart
  switch (update.type) {
    case "assistant_message.content_part.added":
    case "assistant_message.content_part.done":
      parts[at] = update.content
      return parts
    case "assistant_message.content_part.text_delta":
      parts[at] = { ...part, text: part.text + update.delta }
      return parts
    case "assistant_message.content_part.annotation_added": {
      const annotations = part.annotations.slice()
      annotations.splice(Math.max(update.annotation_index, 0), 0, update.annotation)
      parts[at] = { ...part, annotations }
      return parts
    }
  }
}
