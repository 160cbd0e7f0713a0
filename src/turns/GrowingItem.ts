import { Result } from "effect"
import { applyUpdate } from "../protocol/ApplyUpdate.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import type { ThreadItemUpdate } from "../protocol/ItemUpdates.ts"
import { TooLargeToStore } from "../threads/Errors.ts"
import { isTooLarge, mostBytes } from "../threads/ThreadStore.ts"

/** An item that is being written. */
export interface GrowingItem {
  readonly item: ThreadItem
  /** Bytes of JSON that it has at most: to measure it after every word would cost more than the words. */
  readonly atMost: number
}

type Growth = Result.Result<GrowingItem, TooLargeToStore>

/** The item as it begins, or fails if it could not be stored. */
export const begun = (item: ThreadItem): Growth => {
  const json = JSON.stringify(item)
  return isTooLarge(json)
    ? Result.fail(new TooLargeToStore({ object: item.type }))
    : Result.succeed({ item, atMost: Math.min(json.length * 3, mostBytes) })
}

/** The item after an update, or fails if it could not be stored then. */
export const grown = ({ atMost, item }: GrowingItem, update: ThreadItemUpdate): Growth => {
  const next = applyUpdate(item, update)
  const sum = atMost + sizeOf(update)
  return sum > mostBytes || partsOf(next) > partsOf(item)
    ? begun(next)
    : Result.succeed({ item: next, atMost: sum })
}

/** Bytes of JSON at most: a control character has six, any other three. */
const sizeOf = (update: ThreadItemUpdate): number =>
  "delta" in update ? update.delta.length * 6 : JSON.stringify(update).length * 3

/** An update of a part far beyond the end makes all those before it, too. */
const partsOf = (item: ThreadItem): number =>
  item.type === "assistant_message" ? item.content.length : 0
