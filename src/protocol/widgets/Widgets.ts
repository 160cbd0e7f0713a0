import { type Brand, Schema, SchemaGetter } from "effect"
import type { WidgetComponent } from "./Containers.ts"
import { isDeeperThan, isNode, withoutNulls } from "../Json.ts"
import type { Basic, Card, ListView } from "./Roots.ts"

export * from "./Charts.ts"
export * from "./Containers.ts"
export * from "./Controls.ts"
export * from "./Roots.ts"
export * from "./Texts.ts"
export { withoutNulls } from "../Json.ts"

/** A thousand components in one another, and not yet too much for `JSON.stringify`. */
const deepest = 2_500

const written = Schema.Json.check(
  Schema.makeFilter((json) =>
    isNode(json) && typeof json["type"] === "string" ? undefined : "Expected an object with a type"
  ),
  Schema.makeFilter((json) =>
    isDeeperThan(json, deepest) ? "Expected a widget that is less deep" : undefined
  )
)

/** Takes what is there, in the order it is written, and leaves out nulls both ways. */
const asWritten = <A>() =>
  written.pipe(
    Schema.decodeTo(Schema.toType(written), {
      decode: SchemaGetter.transform((json) => withoutNulls(json)),
      encode: SchemaGetter.transform((json) => withoutNulls(json))
    })
  ) as unknown as Schema.Codec<A>

/**
 * A component or root of any type with any fields, whose `children` are one or many, as a template
 * renders it. The compiler cannot check it, which is why one is made by `dynamicWidget` alone.
 */
export type DynamicWidget = Brand.Branded<
  { readonly type: string; readonly [field: string]: Schema.Json },
  "DynamicWidget"
>
export const DynamicWidget = asWritten<DynamicWidget>()

/** Throws when `json` holds something that is not JSON, or more than 2,500 levels of it. */
export const dynamicWidget: (json: Brand.Brand.Unbranded<DynamicWidget>) => DynamicWidget =
  Schema.decodeUnknownSync(DynamicWidget)

/** Any component, as `WidgetRoot` is any root: unknown types and fields are kept. */
export type AnyWidgetComponent = WidgetComponent | DynamicWidget
export const AnyWidgetComponent = asWritten<AnyWidgetComponent>()

/**
 * What an item carries. It is shown and stored as it was written, unknown types and fields
 * included, without nulls: what a widget has to look like is the client's to say. The types are
 * for those who write one.
 */
export type WidgetRoot = Card | ListView | Basic | DynamicWidget
export const WidgetRoot = asWritten<WidgetRoot>()
