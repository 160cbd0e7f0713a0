import { layer, type Vitest } from "@effect/vitest"
import { Layer } from "effect"
import { TestClock } from "effect/testing"
import { turnLease } from "../../../src/threads/ThreadStore.ts"
import { StoreOnPostgreSQL } from "../../support/postgres/ThreadStores.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"
import { Leases, type Stores } from "../../support/ThreadFixtures.ts"
import { privacy } from "../../contracts/ThreadStorePrivacy.ts"
import { reads } from "../../contracts/ThreadStoreReads.ts"
import { turns } from "../../contracts/TurnStore.ts"
import { writes } from "../../contracts/ThreadStoreWrites.ts"

const LeasesMemory = Layer.succeed(Leases, { expire: () => TestClock.adjust(turnLease + 1) })

/** The behaviour of every store. */
const behaviour = (it: Vitest.MethodsNonLive<Stores | Leases>) => {
  reads(it)
  writes(it)
  turns(it)
  privacy(it)
}

layer(Layer.merge(StoresMemory, LeasesMemory))("ThreadStore, in memory", behaviour)

layer(StoreOnPostgreSQL, { excludeTestServices: true })("ThreadStore, in PostgreSQL", behaviour)
