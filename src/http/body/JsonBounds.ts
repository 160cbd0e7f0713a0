/** A shorter text cannot cost much, whatever is in it. */
const short = 64 * 1024

/** Objects and lists, and fields of objects, in one body: parsing them costs far more than their text. */
const most = { nodes: 50_000, fields: 20_000 }

const [quote, backslash] = [`"`, "\\"].map((letter) => letter.charCodeAt(0))
const openers = new Set(["{", "["].map((letter) => letter.charCodeAt(0)))
const colon = ":".charCodeAt(0)

/**
 * Why a JSON text is not even parsed: a mebibyte of brackets would occupy the event loop for a
 * tenth of a second, and one of short fields for longer. One scan that skips the strings.
 */
export const tooManyParts = (text: string): string | undefined => {
  if (text.length < short) return undefined
  let nodes = 0
  let fields = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) {
      i = endOfString(text, i)
    } else if (openers.has(code)) {
      nodes += 1
      if (nodes > most.nodes) return "it has more than 50,000 objects and lists"
    } else if (code === colon) {
      fields += 1
      if (fields > most.fields) return "it has more than 20,000 fields"
    }
  }
  return undefined
}

/** The place of the quote that ends the string in a JSON text that begins at `start`. */
export const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf(`"`, start + 1); end !== -1; end = text.indexOf(`"`, end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return text.length
}
