import { globSync } from "node:fs"
import { basename } from "node:path"

/** Folders whose code is tried. */
export const rooms = ["auth", "betterauth", "postgres", "turns", "threads", "attachments"]

/**
 * Tests that notice a mistake in a room although they do not lie in its folder, nearest first. A
 * name is the beginning of a path in `test`.
 */
const elsewhere: Readonly<Record<string, ReadonlyArray<string>>> = {
  auth: ["unit/http/Authentication", "unit/cli", "unit/exports/auth"],
  betterauth: ["unit/http/AuthenticationHttp"],
  postgres: ["unit/attachments", "unit/threads", "unit/turns", "unit/betterauth/LiveSessionsPg"],
  turns: [
    "unit/chatkit",
    "unit/http/StreamRefusals",
    "unit/http/SupportHttp",
    "unit/postgres/threads",
    "conformance/ServerTurns",
    "conformance/ServerAnswers",
    "conformance/ServerItems",
    "faults/Turns"
  ],
  threads: ["unit/chatkit", "unit/postgres/threads", "unit/turns", "conformance/ServerThreads"],
  attachments: ["unit/postgres/attachments", "unit/http/attachments", "conformance/ServerAttach"]
}

/** Tests that start processes, measure deadlines, or look at the files of the project. */
const unfit = /^test\/(cli\/|faults\/|examples\/|[^/]*$)/

/** Those that take long come after the others. */
const isSlow = (test: string) => /\.(twins|properties)\.test\.ts$/.test(test)

const all = globSync("test/**/*.test.ts")
  .map((file) => file.replaceAll("\\", "/"))
  .sort()

/**
 * The tests that try a mistake in a source, in stages: a mistake that the first ones notice needs no
 * others. Those named after the source come first, then those of its room; with `everything` all
 * others follow.
 */
export const stagesFor = (
  source: string,
  everything: boolean
): ReadonlyArray<ReadonlyArray<string>> => {
  const [, room = ""] = source.split("/")
  const name = basename(source, ".ts")
  const left = new Set(all)
  const take = (fits: (test: string) => boolean) => {
    const taken = [...left].filter(fits)
    for (const test of taken) left.delete(test)
    return taken
  }
  const near = elsewhere[room] ?? []
  const stages = [
    take((test) => basename(test).startsWith(`${name}.`) && !isSlow(test)),
    take((test) => test.startsWith(`test/unit/${room}/`) && !isSlow(test)),
    take(
      (test) =>
        test.startsWith(`test/unit/${room}/`) ||
        near.some((start) => test.startsWith(`test/${start}`))
    ),
    everything ? take((test) => !unfit.test(test)) : []
  ]
  return stages.filter((stage) => stage.length > 0)
}
