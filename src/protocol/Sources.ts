import { Schema } from "effect"
import { IconName } from "./Icons.ts"
import { defaulted, FreeForm, optional } from "./Lenient.ts"

const source = {
  title: Schema.String,
  description: optional(Schema.String),
  timestamp: optional(Schema.String),
  group: optional(Schema.String)
}

export const UrlSource = Schema.Struct({
  ...source,
  type: Schema.Literal("url"),
  url: Schema.String,
  attribution: optional(Schema.String)
})
export type UrlSource = typeof UrlSource.Type

export const FileSource = Schema.Struct({
  ...source,
  type: Schema.Literal("file"),
  filename: Schema.String
})
export type FileSource = typeof FileSource.Type

export const EntitySource = Schema.Struct({
  ...source,
  type: Schema.Literal("entity"),
  id: Schema.String,
  icon: optional(IconName),
  label: optional(Schema.String),
  inline_label: optional(Schema.String),
  interactive: defaulted(Schema.Boolean, false),
  data: defaulted(FreeForm, {})
})
export type EntitySource = typeof EntitySource.Type

/** The source of a statement; `index` is the offset of its marker in the text, in characters. */
export const Annotation = Schema.Struct({
  type: Schema.Literal("annotation"),
  source: Schema.Union([UrlSource, FileSource, EntitySource]),
  index: optional(Schema.Int)
})
export type Annotation = typeof Annotation.Type
