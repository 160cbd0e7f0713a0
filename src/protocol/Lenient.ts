import { Effect, Option, Predicate, Schema, SchemaGetter, SchemaIssue } from "effect"
import { isDeeperThan } from "./Json.ts"

/** The reference parses leniently: "5", 5.0 and true are integers, 5.5 is not. */
export const LenientInt = Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]).pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transformEffect((input: number | string | boolean) => {
      const isDecimal = typeof input !== "string" || /^\s*[+-]?\d+(\.0*)?\s*$/.test(input)
      const number = isDecimal ? Number(input) : Number.NaN
      return Number.isSafeInteger(number)
        ? Effect.succeed(number)
        : Effect.fail(new SchemaIssue.InvalidValue({ message: "Expected an integer" }))
    }),
    encode: SchemaGetter.passthrough()
  })
)

/** A field that may be missing and is always written. */
export const defaulted = <S extends Schema.Top>(schema: S, value: S["Type"]) =>
  schema.pipe(Schema.withDecodingDefaultTypeKey<S>(Effect.succeed(value)))

/** A field that may be missing or null, and is then left out everywhere. */
export const optional = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional(Option.filter(Predicate.isNotNull)),
      encode: SchemaGetter.passthrough()
    })
  )

/** More levels than anybody writes, and fewer than what `JSON.stringify` gives up at. */
const deepest = 1_000

/** A value that is nobody's business here: it is kept and sent as it came, nulls included. */
export const Json = Schema.Json.check(
  Schema.makeFilter((json) =>
    isDeeperThan(json, deepest) ? "Expected JSON that is less deep" : undefined
  )
)

/** An object of such values. */
export const FreeForm = Schema.Record(Schema.String, Json)
