import type { ThreadMetadata } from "../protocol/Threads.ts"
import type { ThreadPatch } from "../threads/ThreadStore.ts"

/** The fields that differ, so that a commit leaves alone what the person changed meanwhile. */
export const patchOf = (before: ThreadMetadata, after: ThreadMetadata): ThreadPatch | undefined => {
  if (before === after) return undefined
  const differs = (key: keyof ThreadPatch) =>
    JSON.stringify(before[key]) !== JSON.stringify(after[key])
  const patch: ThreadPatch = {
    ...(differs("title") ? { title: after.title ?? null } : {}),
    ...(differs("status") ? { status: after.status } : {}),
    ...(differs("allowed_image_domains")
      ? { allowed_image_domains: after.allowed_image_domains ?? null }
      : {}),
    ...(differs("metadata") ? { metadata: after.metadata } : {})
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
