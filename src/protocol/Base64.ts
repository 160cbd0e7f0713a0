/**
 * The bytes behind base64 as the reference server reads it (Python's `b64decode`): characters
 * outside the alphabet are skipped, what follows the padding is ignored, and nothing comes of text
 * that ends in the middle.
 */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  const symbols = text.replace(/[^A-Za-z0-9+/=]/g, "")
  let data = ""
  let pads = 0
  for (const [piece] of symbols.matchAll(/=|[^=]+/g)) {
    if (piece !== "=") {
      data += piece
      pads = 0
    } else if (data.length % 4 >= 2 && (data.length % 4) + ++pads >= 4) {
      return Buffer.from(data, "base64")
    }
  }
  return data.length % 4 === 0 ? Buffer.from(data, "base64") : undefined
}
