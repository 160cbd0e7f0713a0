import { layer } from "@effect/vitest"
import { ModelUsageMemory } from "../../../../../src/responder/model/usage/ModelUsageMemory.ts"
import { modelUsage } from "../../../../contracts/ModelUsage.ts"

layer(ModelUsageMemory)("ModelUsage in memory", modelUsage)
