import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

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
  // Starting a server and a database takes its time on a small machine.
  testTimeout: 60_000,
  hookTimeout: 120_000
}

export default defineConfig({
  test: {
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
          // Again, when the machine itself was too busy to answer in time.
          retry: 2,
          sequence: { groupOrder: 1 },
          ...shared
        }
      }
    ]
  }
})
