#!/usr/bin/env node
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { App } from "./App.ts"
import { reportAndExit } from "./cli/Exit.ts"

NodeRuntime.runMain(Layer.launch(App), reportAndExit)
