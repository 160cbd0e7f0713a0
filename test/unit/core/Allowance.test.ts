import { assert, describe, it } from "@effect/vitest"
import { allowance } from "../../../src/core/Allowance.ts"
import { UserId } from "../../../src/core/User.ts"

const [ada, grace] = [UserId.make("ada"), UserId.make("grace")]
const now = 1_800_000_000_000

describe("what each user may spend in a second", () => {
  it("is there at once, comes back evenly, and is each user's own", () => {
    const { spend, wait } = allowance(4)
    const waits = [0, 1, 2, 3, 4, 5].map(() => {
      const left = wait(ada, now)
      spend(ada, now, 1)
      return left
    })
    assert.deepStrictEqual(waits, [0, 0, 0, 0, 250, 500])
    assert.strictEqual(wait(grace, now), 0)
    assert.strictEqual(wait(ada, now + 300), 450)
    assert.strictEqual(wait(ada, now + 750), 0)
  })

  it("is never more than a second's worth, neither saved nor owed", () => {
    const { spend, wait } = allowance(4)
    spend(ada, now, 1_000)
    assert.strictEqual(wait(ada, now), 250)
    spend(ada, now + 250, 1_000)
    assert.strictEqual(wait(ada, now + 250), 1_000)
    spend(ada, now + 60_000, 4)
    assert.strictEqual(wait(ada, now + 60_000), 250)
  })

  it("is forgotten once it is whole again", () => {
    const kept = new Map<UserId, number>()
    const { spend } = allowance(4, kept)
    spend(ada, now, 2)
    spend(grace, now + 1_200, 1)
    assert.deepStrictEqual([...kept.keys()], [grace])
  })
})
