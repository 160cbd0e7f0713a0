import { Predicate } from "effect"
import { OpenApi } from "effect/http-api"

/** Named examples for each media type: Scalar shows `examples` and ignores `example`. */
type Examples = Readonly<
  Record<string, { readonly examples: Readonly<Record<string, { readonly value: unknown }>> }>
>

/** The annotations that every endpoint has for the docs. */
export const described = (options: {
  readonly summary: string
  readonly description: string
  readonly request?: Examples
  readonly success: { readonly description: string; readonly content: Examples }
}) =>
  OpenApi.annotations({
    summary: options.summary,
    description: options.description,
    transform: (operation) => ({
      ...operation,
      ...(options.request === undefined
        ? {}
        : { requestBody: merged(operation["requestBody"], { content: options.request }) }),
      responses: merged(operation["responses"], { 200: options.success })
    })
  })

const merged = (base: unknown, more: object): object => {
  const result: Record<string, unknown> = Predicate.isObject(base) ? { ...base } : {}
  for (const [key, value] of Object.entries(more)) {
    result[key] = key in result && Predicate.isObject(value) ? merged(result[key], value) : value
  }
  return result
}
