/** A field of something that may be anything: servers differ in what they send. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined

export const textOf = (value: unknown, name: string): string | undefined => {
  const found = field(value, name)
  return typeof found === "string" ? found : undefined
}

export const numberOf = (value: unknown, name: string): number | undefined => {
  const found = field(value, name)
  return typeof found === "number" && Number.isFinite(found) ? found : undefined
}

/** A count: a whole number from 0. Some servers send fractions, which are rounded. */
export const countOf = (value: unknown, name: string): number | undefined => {
  const found = numberOf(value, name)
  return found === undefined || found < 0 ? undefined : Math.round(found)
}

export const listOf = (value: unknown, name: string): ReadonlyArray<unknown> => {
  const found = field(value, name)
  return Array.isArray(found) ? found : []
}
