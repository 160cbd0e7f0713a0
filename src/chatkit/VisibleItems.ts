import { Effect } from "effect"
import { Conflict, type DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import { isHidden, type ThreadItem, type WidgetItem } from "../protocol/Items.ts"
import type { ThreadStore } from "../threads/ThreadStore.ts"

/** Loads an item that a client named. To a client, hidden items do not exist. */
export const loadVisibleItem = (
  store: ThreadStore["Service"],
  userId: UserId,
  threadId: string,
  itemId: string
): Effect.Effect<ThreadItem, NotFound | DbUnavailable> =>
  Effect.filterOrFail(
    store.loadItem(userId, threadId, itemId),
    (item) => !isHidden(item),
    () => new NotFound({ object: "Item" })
  )

/** Loads the widget that an action came from. ChatKit's client sends an empty id for no widget. */
export const loadSender = (
  store: ThreadStore["Service"],
  userId: UserId,
  threadId: string,
  itemId: string | null
): Effect.Effect<WidgetItem | undefined, NotFound | Conflict | DbUnavailable> => {
  if (itemId === null || itemId === "") return Effect.undefined
  return Effect.filterOrFail(
    loadVisibleItem(store, userId, threadId, itemId),
    (item) => item.type === "widget",
    () => new Conflict({ reason: "An action can only come from a widget" })
  )
}
