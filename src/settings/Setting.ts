import { ByteSize, Option } from "effect"

/** The variables that are set, by name, trimmed; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Passed to the reader of one variable: what it may depend on, and where it reports to. */
export interface Reading {
  readonly env: Environment
  readonly production: boolean
  /** The text cannot be used: the advice says what to set instead, and never repeats the text. */
  readonly problem: (advice: string) => undefined
  readonly warning: (advice: string) => void
}

/** One variable of the environment; `read` also decides what it means when it is not set. */
export interface Setting<A> {
  readonly name: string
  readonly read: (text: string | undefined, reading: Reading) => A
}

export type Values<Settings extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [Key in keyof Settings]: ReturnType<Settings[Key]["read"]>
}

/** A variable whose text is accepted or refused on its own: `parse` returns undefined to refuse. */
export const setting = <A, D>(
  name: string,
  parse: (text: string) => A | undefined,
  options: { readonly fallback: (production: boolean) => D; readonly advice: string }
): Setting<A | D> => ({
  name,
  read: (text, { problem, production }) => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) problem(options.advice)
    return value ?? options.fallback(production)
  }
})

/** Any text will do. */
export const text = <D>(name: string, fallback: D): Setting<string | D> => ({
  name,
  read: (text) => text ?? fallback
})

export const integer = (
  name: string,
  fallback: number | ((production: boolean) => number),
  { max, min }: { readonly min: number; readonly max: number }
): Setting<number> =>
  setting(
    name,
    (text) => {
      const number = Number(text)
      return /^\d+$/.test(text) && number >= min && number <= max ? number : undefined
    },
    {
      fallback: typeof fallback === "number" ? () => fallback : fallback,
      advice: `set a whole number from ${min} to ${max}, or leave it out${typeof fallback === "number" ? ` for ${fallback}` : ""}`
    }
  )

/** One of the words that `values` has as keys, in any case. */
export const oneOf = <A>(
  name: string,
  values: Readonly<Record<string, A>>,
  fallback: (production: boolean) => A,
  advertised = Object.keys(values)
): Setting<A> =>
  setting(
    name,
    (text) => {
      const word = text.toLowerCase()
      return Object.hasOwn(values, word) ? values[word] : undefined
    },
    { fallback, advice: `set one of ${advertised.join(", ")}, or leave it out` }
  )

/** The words for yes and no. */
export const onOff: Readonly<Record<string, boolean>> = {
  on: true,
  off: false,
  true: true,
  false: false,
  "1": true,
  "0": false
}

/** A number of bytes, alone or with a unit, from 1 KiB to `max`. */
export const size = (
  name: string,
  fallback: ByteSize.ByteSize,
  max: ByteSize.ByteSize
): Setting<ByteSize.ByteSize> =>
  setting(
    name,
    (text) => {
      const bytes = /^\d+$/.test(text)
        ? Option.some(ByteSize.bytes(BigInt(text)))
        : ByteSize.fromString(text)
      return Option.getOrUndefined(Option.filter(bytes, (bytes) => bytes >= 1024n && bytes <= max))
    },
    {
      fallback: () => fallback,
      advice: `set a size from 1 KiB to ${ByteSize.format(max)}, as ${Number(fallback)} or ${ByteSize.format(fallback)}`
    }
  )

/** The items of a comma-separated list. */
export const itemsOf = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean)

/** An http or https URL; one with a user name or password is refused, as browsers do. */
export const webUrl = (text: string): URL | undefined => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === ""
    ? url
    : undefined
}
