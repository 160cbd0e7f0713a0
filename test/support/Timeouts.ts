import { expect, vi } from "vitest"

/**
 * Before each file: a test that starts no process and no outage takes seconds, and one that hangs
 * has failed. Servers, databases and commands take their time on a small machine.
 */
const isUnit = /\/test\/unit\//.test(expect.getState().testPath ?? "")
vi.setConfig({ testTimeout: isUnit ? 30_000 : 60_000 })
