import { Effect, Option, Predicate, Schema, SchemaGetter, SchemaIssue } from "effect"
import { isNode, jsonProblem } from "./Json.ts"

/** The reference server parses integers leniently: it accepts "5", 5.0 and true, and refuses 5.5. */
export const LenientInt = Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]).pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transformEffect((input: number | string | boolean) => {
      const isDecimal = typeof input !== "string" || /^\s*[+-]?\d+(\.0*)?\s*$/.test(input)
      const number = isDecimal ? Number(input) : Number.NaN
      return Number.isSafeInteger(number)
        ? Effect.succeed(number)
        : Effect.fail(new SchemaIssue.InvalidValue({ message: "must be an integer" }))
    }),
    encode: SchemaGetter.passthrough()
  })
)

/**
 * A field that may be missing. Decoding fills in the default, so the field is always written. The
 * schema's own `withDecodingDefaultTypeKey` would check the value once more.
 */
export const defaulted = <S extends Schema.Constraint>(schema: S, value: S["Type"]) =>
  Schema.optionalKey(schema).pipe(
    Schema.decodeTo(Schema.toType(schema), {
      decode: SchemaGetter.withDefault(Effect.succeed(value)),
      encode: SchemaGetter.passthrough()
    })
  )

/** A field that may be missing or null. Either way it is left out after decoding. */
export const optional = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional(Option.filter(Predicate.isNotNull)),
      encode: SchemaGetter.passthrough()
    })
  )

/**
 * Any JSON. It is stored and sent unchanged, nulls included. A recursive schema would cost a
 * second for a body of a mebibyte.
 */
export const Json = Schema.Unknown.check(
  Schema.makeFilter((value) => jsonProblem(value))
) as unknown as Schema.Codec<Schema.Json>

/** An object with any JSON in its fields. */
export const FreeForm = Schema.Unknown.check(
  Schema.makeFilter((value) =>
    isNode(value) && !Array.isArray(value) ? jsonProblem(value) : "must be an object"
  )
) as unknown as Schema.Codec<{ readonly [field: string]: Schema.Json }>
