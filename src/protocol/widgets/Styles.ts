import { Schema } from "effect"
import { optional } from "../Lenient.ts"

/** The fields that every component begins with. */
export const component = <const T extends string>(type: T) => ({
  key: optional(Schema.String),
  id: optional(Schema.String),
  type: Schema.tag(type)
})

/** Those fields as a type, for components that need an interface because they hold others. */
export interface Component<T extends string> {
  readonly key?: string
  readonly id?: string
  readonly type: T
}

export const flag = optional(Schema.Boolean)
export const text = optional(Schema.String)
export const count = optional(Schema.Int)

/** An optional field with one of these literals. */
export const oneOf = <const L extends ReadonlyArray<string>>(...literals: L) =>
  optional(Schema.Literals(literals))

/** A number of pixels or spacing units, or a CSS length. */
export const Length = Schema.Union([Schema.Finite, Schema.String])

/** A colour token or a CSS colour: one for both themes, or one for each. */
export const Color = Schema.Union([
  Schema.String,
  Schema.Struct({ light: Schema.String, dark: Schema.String })
])

const length = optional(Length)
const edges = <S extends Schema.Constraint>(edge: S) => ({
  top: optional(edge),
  right: optional(edge),
  bottom: optional(edge),
  left: optional(edge),
  x: optional(edge),
  y: optional(edge)
})

export const Spacing = Schema.Union([Length, Schema.Struct(edges(Length))])

const Line = Schema.Struct({
  size: Schema.Finite,
  color: optional(Color),
  style: oneOf("solid", "dashed", "dotted", "double", "groove", "ridge", "inset", "outset")
})

/** A thickness of all edges in pixels, one line for all edges, or a line for each edge. */
export const Border = Schema.Union([
  Schema.Finite,
  Line,
  // Otherwise a line with an invalid size would be accepted as a border without edges.
  Schema.Struct({
    ...edges(Schema.Union([Schema.Finite, Line])),
    size: Schema.optionalKey(Schema.Never)
  })
])

export const color = optional(Color)
export const spacing = optional(Spacing)
export const radius = oneOf(
  "2xs",
  "xs",
  "sm",
  "md",
  "lg",
  "xl",
  "2xl",
  "3xl",
  "4xl",
  "full",
  "100%",
  "none"
)
export const align = oneOf("start", "center", "end", "baseline", "stretch")
export const justify = oneOf("start", "center", "end", "between", "around", "evenly", "stretch")
export const textAlign = oneOf("start", "center", "end")
export const textSize = oneOf("xs", "sm", "md", "lg", "xl")
export const weight = oneOf("normal", "medium", "semibold", "bold")
export const direction = oneOf("row", "col")
export const theme = oneOf("light", "dark")

export const dimensions = {
  height: length,
  width: length,
  size: length,
  minHeight: length,
  minWidth: length,
  minSize: length,
  maxHeight: length,
  maxWidth: length,
  maxSize: length,
  aspectRatio: length
}

/** How a container lays out its children. */
export const box = {
  align,
  justify,
  wrap: oneOf("nowrap", "wrap", "wrap-reverse"),
  flex: length,
  gap: length,
  padding: spacing,
  margin: spacing,
  border: optional(Border),
  radius,
  background: color,
  ...dimensions
}
