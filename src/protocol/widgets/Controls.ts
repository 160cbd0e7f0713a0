import { Schema } from "effect"
import { ActionConfig } from "../Actions.ts"
import { IconName } from "../Icons.ts"
import { optional } from "../Lenient.ts"
import {
  color,
  component,
  count,
  direction,
  flag,
  oneOf,
  text,
  textAlign,
  textSize,
  weight
} from "./Styles.ts"

const action = optional(ActionConfig)
const variant = oneOf("solid", "soft", "outline", "ghost")
const size = oneOf("3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl")

export const Button = Schema.Struct({
  ...component("Button"),
  submit: flag,
  label: text,
  onClickAction: action,
  iconStart: optional(IconName),
  iconEnd: optional(IconName),
  style: oneOf("primary", "secondary"),
  iconSize: oneOf("sm", "md", "lg", "xl", "2xl"),
  color: oneOf(
    "primary",
    "secondary",
    "info",
    "discovery",
    "success",
    "caution",
    "warning",
    "danger"
  ),
  variant,
  size,
  pill: flag,
  uniform: flag,
  block: flag,
  disabled: flag
})
export type Button = typeof Button.Type

export const Select = Schema.Struct({
  ...component("Select"),
  name: Schema.String,
  options: Schema.Array(
    Schema.Struct({
      value: Schema.String,
      label: Schema.String,
      disabled: flag,
      description: text
    })
  ),
  onChangeAction: action,
  placeholder: text,
  defaultValue: text,
  variant,
  size,
  pill: flag,
  block: flag,
  clearable: flag,
  disabled: flag,
  searchable: flag
})
export type Select = typeof Select.Type

/** `defaultValue`, `min` and `max` are ISO 8601. */
export const DatePicker = Schema.Struct({
  ...component("DatePicker"),
  name: Schema.String,
  onChangeAction: action,
  placeholder: text,
  defaultValue: text,
  min: text,
  max: text,
  variant,
  size,
  side: oneOf("top", "bottom", "left", "right"),
  align: oneOf("start", "center", "end"),
  pill: flag,
  block: flag,
  clearable: flag,
  disabled: flag
})
export type DatePicker = typeof DatePicker.Type

export const Checkbox = Schema.Struct({
  ...component("Checkbox"),
  name: Schema.String,
  label: text,
  defaultChecked: flag,
  onChangeAction: action,
  disabled: flag,
  required: flag
})
export type Checkbox = typeof Checkbox.Type

const field = {
  name: Schema.String,
  defaultValue: text,
  required: flag,
  pattern: text,
  placeholder: text,
  allowAutofillExtensions: flag,
  autoSelect: flag,
  autoFocus: flag,
  disabled: flag,
  variant: oneOf("soft", "outline"),
  size,
  gutterSize: oneOf("2xs", "xs", "sm", "md", "lg", "xl")
}

export const Input = Schema.Struct({
  ...component("Input"),
  ...field,
  inputType: oneOf("number", "email", "text", "password", "tel", "url"),
  pill: flag
})
export type Input = typeof Input.Type

export const Textarea = Schema.Struct({
  ...component("Textarea"),
  ...field,
  rows: count,
  autoResize: flag,
  maxRows: count
})
export type Textarea = typeof Textarea.Type

export const Label = Schema.Struct({
  ...component("Label"),
  value: Schema.String,
  fieldName: Schema.String,
  size: textSize,
  weight,
  textAlign,
  color
})
export type Label = typeof Label.Type

export const RadioGroup = Schema.Struct({
  ...component("RadioGroup"),
  name: Schema.String,
  options: optional(
    Schema.Array(Schema.Struct({ label: Schema.String, value: Schema.String, disabled: flag }))
  ),
  ariaLabel: text,
  onChangeAction: action,
  defaultValue: text,
  direction,
  disabled: flag,
  required: flag
})
export type RadioGroup = typeof RadioGroup.Type
