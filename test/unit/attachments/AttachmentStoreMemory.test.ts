import { layer } from "@effect/vitest"
import { attachments } from "../../contracts/AttachmentStore.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"

layer(StoresMemory)("AttachmentStore, in memory", attachments)
