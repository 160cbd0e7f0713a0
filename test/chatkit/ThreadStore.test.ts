import { layer, type Vitest } from "@effect/vitest"
import { Layer } from "effect"
import { TestClock } from "effect/testing"
import { type ThreadStore, turnLease } from "../../src/chatkit/ThreadStore.ts"
import { StoreOnPostgreSQL } from "../db/ThreadStores.ts"
import { ThreadStoreMemory } from "../ThreadStoreMemory.ts"
import { Leases } from "./Threads.ts"
import { attachments } from "./ThreadStoreAttachments.ts"
import { privacy } from "./ThreadStorePrivacy.ts"
import { reads } from "./ThreadStoreReads.ts"
import { turns } from "./ThreadStoreTurns.ts"
import { writes } from "./ThreadStoreWrites.ts"

const LeasesMemory = Layer.succeed(Leases, { expire: () => TestClock.adjust(turnLease + 1) })

/** What every store does. */
const behaviour = (it: Vitest.MethodsNonLive<ThreadStore | Leases>) => {
  reads(it)
  writes(it)
  turns(it)
  attachments(it)
  privacy(it)
}

layer(Layer.merge(ThreadStoreMemory, LeasesMemory))("ThreadStore, in memory", behaviour)

layer(StoreOnPostgreSQL, { excludeTestServices: true })("ThreadStore, in PostgreSQL", behaviour)
