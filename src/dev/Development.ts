import { Effect } from "effect"
import type { SettingsShape } from "../settings/Settings.ts"
import * as Demo from "./Demo.ts"
import * as DevKeys from "./DevKeys.ts"
import * as Embedded from "./Embedded.ts"

/** Stands in for a Better Auth app: its database, its secret and a few people. */
export const development = (settings: SettingsShape) =>
  Effect.map(Effect.promise(DevKeys.load), (keys) => ({
    settings: Demo.settings(settings, keys),
    database: Embedded.layer(keys)
  }))
