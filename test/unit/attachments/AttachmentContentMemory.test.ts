import { layer } from "@effect/vitest"
import { Layer } from "effect"
import { TestClock } from "effect/testing"
import { Ages, content } from "../../contracts/AttachmentContent.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"

const AgesMemory = Layer.succeed(Ages, { addDay: () => TestClock.adjust("25 hours") })

layer(Layer.merge(StoresMemory, AgesMemory))("AttachmentContent, in memory", content)
