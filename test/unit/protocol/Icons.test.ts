import { assert, describe, it } from "@effect/vitest"
import { BuiltInIconName, type IconName, isIconName } from "../../../src/protocol/Icons.ts"

describe("the name of an icon", () => {
  it("is one that the client has, or begins with a prefix", () => {
    const names = [...BuiltInIconName.literals, "vendor:icon-name", "lucide:icon-name", "vendor:"]
    assert.strictEqual(BuiltInIconName.literals.length, 64)
    assert.deepStrictEqual(
      names.filter((name) => !isIconName(name)),
      []
    )
  })

  it("is refused when it is any other", () => {
    const names = ["", "icon-name", "Agent", "vendor", "other:icon-name", " vendor:x", 1, null]
    assert.deepStrictEqual(names.filter(isIconName), [])
  })

  it("is known to the compiler", () => {
    const names: ReadonlyArray<IconName> = [
      "agent",
      "vendor:acme",
      "lucide:star",
      // @ts-expect-error no such icon
      "no-such-icon"
    ]
    assert.isFalse(names.every(isIconName))
  })
})
