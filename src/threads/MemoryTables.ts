import { Context, Layer } from "effect"
import type { ThreadItem } from "../protocol/Items.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"

export interface ThreadRow {
  readonly userId: string
  thread: ThreadMetadata
  items: ReadonlyArray<ThreadItem>
  /** The turn that holds the thread, until this time in ms. */
  turn?: { readonly id: string; until: number }
}

export interface AttachmentRow {
  readonly userId: string
  /** Unix ms. */
  readonly createdAt: number
  threadId?: string
  /** Set once its upload has ended. */
  bytes?: Uint8Array
}

/**
 * The rows that the stores in memory share, by id, as those in PostgreSQL share its tables: a
 * turn's lease is a part of its thread, and a thread takes its attachments along.
 */
export class MemoryTables extends Context.Service<
  MemoryTables,
  {
    readonly threads: Map<string, ThreadRow>
    readonly attachments: Map<string, AttachmentRow>
  }
>()("effect-chatkit/threads/MemoryTables") {
  static readonly layer = Layer.sync(MemoryTables, () => ({
    threads: new Map(),
    attachments: new Map()
  }))

  /** The user's thread; another user's does not exist. */
  static readonly threadOf = (
    { threads }: MemoryTables["Service"],
    userId: string,
    id: string
  ): ThreadRow | undefined => {
    const row = threads.get(id)
    return row?.userId === userId ? row : undefined
  }
}
