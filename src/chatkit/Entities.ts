import { Effect, Schema, SchemaGetter, SchemaIssue } from "effect"

/**
 * What ChatKit's protocol keeps and shows: threads, items, pages. Spelt and ordered as OpenAI's
 * reference server writes them: defaults are written, absent fields left out.
 */

/** The reference parses leniently: "5", 5.0 and true are integers, 5.5 is not. */
export const LaxInt = Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]).pipe(
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

export const defaulted = <S extends Schema.Top>(schema: S, value: S["Type"]) =>
  schema.pipe(Schema.withDecodingDefaultTypeKey<S>(Effect.succeed(value)))

const FreeForm = Schema.Record(Schema.String, Schema.Json)

export const UserMessageContent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("input_text"), text: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("input_tag"),
    id: Schema.String,
    text: Schema.String,
    data: FreeForm,
    group: Schema.optionalKey(Schema.String),
    interactive: defaulted(Schema.Boolean, false)
  })
])

export const InferenceOptions = Schema.Struct({
  tool_choice: Schema.optionalKey(Schema.Struct({ id: Schema.String })),
  model: Schema.optionalKey(Schema.String)
})

export const AssistantMessageContent = Schema.Struct({
  annotations: Schema.Array(Schema.Json),
  text: Schema.String,
  type: Schema.Literal("output_text")
})
export type AssistantMessageContent = typeof AssistantMessageContent.Type

/** ISO 8601 in UTC with `Z`: ChatKit's client reads a time without zone as the viewer's own. */
const Timestamp = Schema.String

const item = { id: Schema.String, thread_id: Schema.String, created_at: Timestamp }

export const UserMessageItem = Schema.Struct({
  ...item,
  type: Schema.Literal("user_message"),
  content: Schema.Array(UserMessageContent),
  attachments: Schema.Array(Schema.Json),
  quoted_text: Schema.optionalKey(Schema.String),
  inference_options: InferenceOptions
})
export type UserMessageItem = typeof UserMessageItem.Type

export const AssistantMessageItem = Schema.Struct({
  ...item,
  type: Schema.Literal("assistant_message"),
  content: Schema.Array(AssistantMessageContent)
})
export type AssistantMessageItem = typeof AssistantMessageItem.Type

export const ThreadItem = Schema.Union([UserMessageItem, AssistantMessageItem])
export type ThreadItem = typeof ThreadItem.Type

const ThreadStatus = Schema.Union([
  Schema.Struct({ type: Schema.Literal("active") }),
  Schema.Struct({
    type: Schema.Literals(["locked", "closed"]),
    reason: Schema.optionalKey(Schema.String)
  })
])

const thread = {
  title: Schema.optionalKey(Schema.String),
  id: Schema.String,
  created_at: Timestamp,
  status: ThreadStatus,
  allowed_image_domains: Schema.optionalKey(Schema.Array(Schema.String)),
  metadata: FreeForm
}

/** A thread as it is kept, `metadata` included. */
export const ThreadMetadata = Schema.Struct(thread)
export type ThreadMetadata = typeof ThreadMetadata.Type

const pageOf = <S extends Schema.Constraint>(data: S) =>
  Schema.Struct({
    data: Schema.Array(data),
    has_more: Schema.Boolean,
    after: Schema.optionalKey(Schema.String)
  })

/** One page of a list; `after` is the cursor of the next one and set only when there is one. */
export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
  readonly after?: string
}

/** A thread as it is shown: the wire never carries its `metadata`. */
export const Thread = Schema.Struct({ ...thread, items: pageOf(ThreadItem) })
export type Thread = typeof Thread.Type

export const ThreadPage = pageOf(Thread)

const noItems: Page<ThreadItem> = { data: [], has_more: false }

export const shown = (kept: ThreadMetadata, items: Page<ThreadItem> = noItems): Thread => ({
  ...kept,
  metadata: {},
  items
})

/** Six fraction digits, or none on the full second, as the reference writes them. */
export const timestamp = (millis: number): string =>
  new Date(millis)
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === "000" ? "Z" : `.${ms}000Z`))
