import { defineConfig } from "vitest/config"
import config from "../../test/vitest.config.ts"

const [tests] = config.test?.projects ?? []
const resolve = typeof tests === "object" && "resolve" in tests ? tests.resolve : undefined

/** The tests as they are, for a process that tries one mistake and ends with the first failure. */
export default defineConfig({
  ...(resolve === undefined ? {} : { resolve }),
  test: {
    include: ["test/**/*.test.ts"],
    isolate: false,
    maxWorkers: 1,
    bail: 1,
    // A mistake that makes a test hang is noticed all the same, only later.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ["json"]
  }
})
