import { assert, describe, it } from "@effect/vitest"
import type { ThreadMetadata } from "../../../src/protocol/Threads.ts"
import { patchOf } from "../../../src/turns/ThreadPatch.ts"
import { thread } from "../../support/ThreadFixtures.ts"

const before = thread("thr_1", {
  title: "Plans",
  allowed_image_domains: ["a.example"],
  metadata: { a: 1 }
})

const without = (key: "title" | "allowed_image_domains"): ThreadMetadata => {
  const { [key]: _, ...rest } = before
  return rest
}

describe("patchOf", () => {
  const rows: ReadonlyArray<readonly [string, ThreadMetadata, unknown]> = [
    ["nothing for the same thread", before, undefined],
    ["nothing for an equal thread", { ...before, metadata: { a: 1 } }, undefined],
    ["a title", { ...before, title: "Travel" }, { title: "Travel" }],
    ["a title that is gone", without("title"), { title: null }],
    ["a status", { ...before, status: { type: "closed" } }, { status: { type: "closed" } }],
    ["domains of images", { ...before, allowed_image_domains: [] }, { allowed_image_domains: [] }],
    [
      "domains of images that are gone",
      without("allowed_image_domains"),
      { allowed_image_domains: null }
    ],
    ["metadata", { ...before, metadata: { b: 2 } }, { metadata: { b: 2 } }]
  ]
  for (const [name, after, patch] of rows) {
    it(`has what differs and no more: ${name}`, () => {
      assert.deepStrictEqual(patchOf(before, after), patch)
    })
  }
})
