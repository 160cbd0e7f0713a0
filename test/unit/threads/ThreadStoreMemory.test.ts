import { layer, type Vitest } from "@effect/vitest"
import { Layer } from "effect"
import { TestClock } from "effect/testing"
import { type ThreadStore, turnLease } from "../../../src/threads/ThreadStore.ts"
import { StoreOnPostgreSQL } from "../../support/postgres/ThreadStores.ts"
import { ThreadStoreMemory } from "../../../src/threads/ThreadStoreMemory.ts"
import { Leases } from "../../support/Threads.ts"
import { attachments } from "../../contracts/AttachmentStore.ts"
import { privacy } from "../../contracts/ThreadStorePrivacy.ts"
import { reads } from "../../contracts/ThreadStoreReads.ts"
import { turns } from "../../contracts/TurnStore.ts"
import { writes } from "../../contracts/ThreadStoreWrites.ts"

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
