import { type Brand, Schema, SchemaGetter } from "effect"
import { isNode, jsonProblem, withoutNulls } from "../Json.ts"
import type { WidgetComponent } from "./Containers.ts"
import type { Basic, Card, ListView } from "./Roots.ts"

/** Enough levels for 1,000 components, and fewer than overflow `JSON.stringify`. */
const bounds = { depth: 2_500, nodes: 50_000 }

const written = Schema.Unknown.check(
  Schema.makeFilter((json) =>
    isNode(json) && typeof json["type"] === "string"
      ? jsonProblem(json, bounds)
      : "must be an object with a type"
  )
) as unknown as Schema.Codec<Schema.Json>

/** Keeps all fields in their order. Decoding and encoding leave out nulls. */
const asWritten = <A>() =>
  written.pipe(
    Schema.decodeTo(Schema.toType(written), {
      decode: SchemaGetter.transform((json) => withoutNulls(json)),
      encode: SchemaGetter.transform((json) => withoutNulls(json))
    })
  ) as unknown as Schema.Codec<A>

/**
 * A component or root of any type with any fields, for example the result of a template. The
 * compiler cannot check it, so only `dynamicWidget` makes one.
 */
export type DynamicWidget = Brand.Branded<
  { readonly type: string; readonly [field: string]: Schema.Json },
  "DynamicWidget"
>
export const DynamicWidget = asWritten<DynamicWidget>()

/** Throws if `json` is not JSON, has no `type`, or has more than 2,500 levels. */
export const dynamicWidget: (json: Brand.Brand.Unbranded<DynamicWidget>) => DynamicWidget =
  Schema.decodeUnknownSync(DynamicWidget)

/** Any component. Unknown types and fields are kept, as in a `WidgetRoot`. */
export type AnyWidgetComponent = WidgetComponent | DynamicWidget
export const AnyWidgetComponent = asWritten<AnyWidgetComponent>()

/**
 * The widget of an item. It is sent and stored as it was written, with unknown types and fields and
 * without nulls, because only the client checks widgets. The types help authors of widgets.
 */
export type WidgetRoot = Card | ListView | Basic | DynamicWidget
export const WidgetRoot = asWritten<WidgetRoot>()
