import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { App } from "./App.ts"
import { reportAndExit } from "./Exit.ts"

NodeRuntime.runMain(Layer.launch(App), reportAndExit)
