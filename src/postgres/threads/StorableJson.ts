import { Effect } from "effect"
import type { ThreadItem } from "../../protocol/Items.ts"
import type { ThreadMetadata } from "../../protocol/Threads.ts"
import { TooLargeToStore } from "../../threads/Errors.ts"
import { isTooLarge } from "../../threads/ThreadStore.ts"

/** The value as JSON, as long as it can be read back. */
export const storable = (
  value: ThreadMetadata | ThreadItem
): Effect.Effect<string, TooLargeToStore> => {
  const json = JSON.stringify(value)
  return isTooLarge(json)
    ? Effect.fail(new TooLargeToStore({ object: "type" in value ? value.type : "thread" }))
    : Effect.succeed(json)
}
