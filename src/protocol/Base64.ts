const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const padding = "=".charCodeAt(0)

/** The six bits of each character code; -1 outside the alphabet. */
const sextets = new Int8Array(256).fill(-1)
for (let sextet = 0; sextet < 64; sextet++) sextets[alphabet.charCodeAt(sextet)] = sextet

const utf8 = new TextEncoder()

/**
 * Decodes base64 as the reference server does (Python's `b64decode`): it skips characters outside
 * the alphabet and ignores everything after complete padding. Returns undefined when the text ends
 * inside a group of four. `atob` and Effect's decoder accept only strict base64, and cleaning a
 * text for them takes longer than decoding it here.
 */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  // Decoded in place: four codes are read before their three bytes are written.
  const codes = utf8.encode(text)
  let size = 0
  let i = 0
  for (; i + 3 < codes.length; i += 4) {
    const group = groupAt(codes, i)
    if (group < 0) break
    codes[size++] = group >> 16
    codes[size++] = group >> 8
    codes[size++] = group
  }
  // From the first character that is not a symbol: one by one.
  let bits = 0
  let position = 0
  let pads = 0
  for (; i < codes.length; i++) {
    const code = codes[i]!
    const sextet = sextets[code]!
    if (sextet >= 0) {
      bits = (bits << 6) | sextet
      if (position > 0) codes[size++] = bits >> (6 - 2 * position)
      position = (position + 1) & 3
      pads = 0
    } else if (code === padding && position >= 2 && position + ++pads >= 4) {
      return codes.subarray(0, size)
    }
  }
  return position === 0 ? codes.subarray(0, size) : undefined
}

/** The 24 bits of four symbols; negative when one of them is outside the alphabet. */
const groupAt = (codes: Uint8Array, i: number): number =>
  (sextets[codes[i]!]! << 18) |
  (sextets[codes[i + 1]!]! << 12) |
  (sextets[codes[i + 2]!]! << 6) |
  sextets[codes[i + 3]!]!
