import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Files that measure the product's own deadlines: an answer within two seconds, come what may. */
const deadlines = [
  "Clients",
  "EndpointKeys",
  "KeyEndpoint",
  "Outage",
  "Refused",
  "Silence",
  "Streams",
  "Stuck"
].map((name) => `test/faults/${name}.test.ts`)

/** Folders whose tests start processes or wait for timeouts. */
const slow = /\/test\/(cli|faults|properties|betterauth|examples)\//

/** Begins with the slow files, so that no worker is left with one while the others have ended. */
class SlowFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    const sorted = await super.sort(files)
    const [first, rest] = [true, false].map((isSlow) =>
      sorted.filter(({ moduleId }) => slow.test(moduleId) === isSlow)
    )
    return [...first!, ...rest!]
  }
}

/** An import of our own package means the sources here, as in scripts/run.mjs. */
const source = (name: string) =>
  fileURLToPath(new URL(`../src/exports/${name}.ts`, import.meta.url))
const resolve = {
  alias: [
    { find: /^effect-chatkit$/, replacement: source("index") },
    { find: /^effect-chatkit\/auth$/, replacement: source("auth") },
    { find: /^effect-chatkit\/client$/, replacement: source("client") },
    { find: /^effect-chatkit\/protocol$/, replacement: source("protocol") }
  ]
}

const shared = {
  // A worker loads the modules once and keeps its embedded database from file to file.
  isolate: false,
  setupFiles: "test/support/Timeouts.ts",
  // Starting a server and a database takes its time on a small machine.
  hookTimeout: 120_000
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        resolve,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: deadlines,
          // Many of them wait: one more than a small machine has processors.
          maxWorkers: 3,
          ...shared
        }
      },
      {
        resolve,
        test: {
          name: "deadlines",
          include: deadlines,
          // After the others, so that the machine has time for them.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...shared
        }
      }
    ]
  }
})
