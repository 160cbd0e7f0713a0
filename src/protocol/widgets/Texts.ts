import { Schema } from "effect"
import { IconName } from "../Icons.ts"
import { optional } from "../Lenient.ts"
import {
  color,
  component,
  count,
  dimensions,
  flag,
  Length,
  oneOf,
  radius,
  spacing,
  text,
  textAlign,
  textSize,
  weight
} from "./Styles.ts"

const length = optional(Length)

/** `editable` makes the text a field, called `name`, of the form around it. */
export const Text = Schema.Struct({
  ...component("Text"),
  value: Schema.String,
  streaming: flag,
  italic: flag,
  lineThrough: flag,
  color,
  weight,
  width: length,
  size: textSize,
  textAlign,
  truncate: flag,
  minLines: count,
  maxLines: count,
  editable: optional(
    Schema.Union([
      Schema.Literal(false),
      Schema.Struct({
        name: Schema.String,
        autoFocus: flag,
        autoSelect: flag,
        autoComplete: text,
        allowAutofillExtensions: flag,
        pattern: text,
        placeholder: text,
        required: flag
      })
    ])
  )
})
export type Text = typeof Text.Type

export const Title = Schema.Struct({
  ...component("Title"),
  value: Schema.String,
  color,
  weight,
  size: oneOf("sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl"),
  textAlign,
  truncate: flag,
  maxLines: count
})
export type Title = typeof Title.Type

export const Caption = Schema.Struct({
  ...component("Caption"),
  value: Schema.String,
  color,
  weight,
  size: oneOf("sm", "md", "lg"),
  textAlign,
  truncate: flag,
  maxLines: count
})
export type Caption = typeof Caption.Type

export const Markdown = Schema.Struct({
  ...component("Markdown"),
  value: Schema.String,
  streaming: flag
})
export type Markdown = typeof Markdown.Type

export const Badge = Schema.Struct({
  ...component("Badge"),
  label: Schema.String,
  color: oneOf("secondary", "success", "danger", "warning", "info", "discovery"),
  variant: oneOf("solid", "soft", "outline"),
  size: oneOf("sm", "md", "lg"),
  pill: flag
})
export type Badge = typeof Badge.Type

export const Icon = Schema.Struct({
  ...component("Icon"),
  name: IconName,
  color,
  size: oneOf("xs", "sm", "md", "lg", "xl", "2xl", "3xl")
})
export type Icon = typeof Icon.Type

export const Image = Schema.Struct({
  ...component("Image"),
  src: Schema.String,
  alt: text,
  fit: oneOf("cover", "contain", "fill", "scale-down", "none"),
  position: oneOf(
    "top left",
    "top",
    "top right",
    "left",
    "center",
    "right",
    "bottom left",
    "bottom",
    "bottom right"
  ),
  radius,
  frame: flag,
  flush: flag,
  margin: spacing,
  background: color,
  flex: length,
  ...dimensions
})
export type Image = typeof Image.Type

export const Divider = Schema.Struct({
  ...component("Divider"),
  color,
  size: length,
  spacing: length,
  flush: flag
})
export type Divider = typeof Divider.Type

export const Spacer = Schema.Struct({ ...component("Spacer"), minSize: length })
export type Spacer = typeof Spacer.Type
