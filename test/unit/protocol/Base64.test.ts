import { assert, describe, it } from "@effect/vitest"
import { decodeBase64 } from "../../../src/protocol/Base64.ts"

const decoded = (text: string) => {
  const bytes = decodeBase64(text)
  return bytes === undefined ? undefined : Array.from(bytes)
}

/** The results of Python's `base64.b64decode` for the text as UTF-8; undefined is its error. */
const cases: ReadonlyArray<readonly [string, ReadonlyArray<number> | undefined]> = [
  ["", []],
  ["AAEC", [0, 1, 2]],
  ["AAEC/w==", [0, 1, 2, 255]],
  ["AAEC/+8=", [0, 1, 2, 255, 239]],
  ["++//", [251, 239, 255]],
  ["AA\r\nEC\n", [0, 1, 2]],
  ["-_AAEC", [0, 1, 2]],
  ["AAé€😀EC", [0, 1, 2]],
  ["!!", []],
  ["=", []],
  ["====", []],
  ["A=AEC", [0, 1, 2]],
  ["AA=EC", [0, 1, 2]],
  ["AA==EC", [0]],
  ["AA=\n=", [0]],
  ["AAE=EC==", [0, 1]],
  ["AAECAA==AAEC", [0, 1, 2, 0]],
  ["AB==", [0]],
  ["AA=AAAA=AA", [0, 0, 0, 0, 0, 0]],
  ["A===AEC", [0, 1, 2]],
  ["====AAEC", [0, 1, 2]],
  ["A===", undefined],
  ["A", undefined],
  ["AA", undefined],
  ["AAE", undefined],
  ["AA=", undefined],
  ["AA=A=", [0, 0]],
  ["AAECA", undefined],
  ["A=", undefined]
]

describe("decodeBase64", () => {
  it.each(cases)("decodes %j as Python does", (text, expected) => {
    assert.deepStrictEqual(decoded(text), expected)
  })

  it("decodes every byte at every place of a group, in a long text", () => {
    for (let length = 0; length <= 3; length++) {
      const bytes = Uint8Array.from({ length: 768 * 4 + length }, (_, i) => i % 257)
      const text = Buffer.from(bytes).toString("base64")
      assert.deepStrictEqual(decodeBase64(text), bytes)
      assert.deepStrictEqual(decodeBase64(text.replace(/.{76}/g, "$&\r\n")), bytes)
    }
  })

  it("returns a view of the decoded bytes only", () => {
    assert.strictEqual(decodeBase64("AAEC/w==")?.length, 4)
  })
})
