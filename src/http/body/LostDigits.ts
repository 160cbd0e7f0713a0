import { endOfString } from "./JsonBounds.ts"

/** Digits of the largest whole number of which JavaScript knows every smaller one. */
const safe = 16

const code = (letter: string) => letter.charCodeAt(0)
const [quote, colon, comma] = [`"`, ":", ","].map(code)
const [openList, openObject, minus] = ["[", "{", "-"].map(code)
const closers = new Set(["]", "}"].map(code))
const others = new Set([".", "e", "E", "+", "-"].map(code))

/** Characters of a field's name that a sentence has room for. */
const mostOfName = 200

/**
 * The field of a JSON text with a whole number that JavaScript cannot keep, as the order number
 * 2512292042121000001, which it would store as …000. A number that comes out as it was written, or
 * is the same in another notation, is kept.
 */
export const lostDigits = (text: string): string | undefined => {
  // Without a long run of digits, which is nearly always, there is nothing to look for.
  if (!/\d{16}/.test(text)) return undefined
  /** The names and indexes of the objects and lists around the place, outermost first. */
  const path: Array<string | number> = []
  let name = ""
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i)
    if (letter === quote) {
      const end = endOfString(text, i)
      name = text.slice(i + 1, end)
      i = end
    } else if (letter === colon) {
      path[path.length - 1] = name
    } else if (letter === openList) {
      path.push(0)
    } else if (letter === openObject) {
      path.push("")
    } else if (closers.has(letter)) {
      path.pop()
    } else if (letter === comma) {
      const last = path.at(-1)
      if (typeof last === "number") path[path.length - 1] = last + 1
    } else if (letter === minus || isDigit(letter)) {
      const end = endOfNumber(text, i)
      if (end - i >= safe && losesDigits(text.slice(i, end))) return fieldAt(path)
      i = end - 1
    }
  }
  return undefined
}

const isDigit = (letter: number) => letter >= 48 && letter <= 57

const endOfNumber = (text: string, start: number): number => {
  let end = start + 1
  while (isOfNumber(text.charCodeAt(end))) end++
  return end
}

/** Besides digits: a fraction and an exponent, of which no digit counts here. */
const isOfNumber = (letter: number) => isDigit(letter) || others.has(letter)

const losesDigits = (number: string): boolean => {
  if (!/^-?\d+$/.test(number)) return false
  const value = Number(number)
  return String(value) !== number && (!Number.isFinite(value) || BigInt(value) !== BigInt(number))
}

const fieldAt = (path: ReadonlyArray<string | number>): string => {
  const field = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "")
  return field.length > mostOfName ? `${field.slice(0, mostOfName)}…` : field
}
