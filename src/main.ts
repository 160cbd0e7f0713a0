import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { App } from "./App.ts"
import { reportAndExit } from "./Exit.ts"

NodeRuntime.runMain(Layer.launch(App), reportAndExit)
