import { defineConfig } from "vitest/config"

/** What runs the product with its own deadlines: real processes, and outages. */
const timed = ["test/cli/**/*.test.ts", "test/faults/**/*.test.ts"]

// Starting a server and a database takes its time on a small machine.
const patience = { testTimeout: 60_000, hookTimeout: 120_000, isolate: false }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: timed,
          maxWorkers: 2,
          ...patience
        }
      },
      {
        test: {
          name: "timed",
          include: timed,
          // Alone on the machine, after the others, and again when the machine itself was too busy
          // to answer in time.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          retry: 2,
          ...patience
        }
      }
    ]
  }
})
