import { Effect, Result, Schema } from "effect"
import { AttachmentFields } from "../attachments/AttachmentStore.ts"
import { DbUnavailable } from "../core/Errors.ts"
import { fieldOf, problemOf } from "../core/SchemaProblem.ts"
import { ClientToolCallItem, ThreadItem } from "../protocol/Items.ts"
import { ThreadMetadata } from "../protocol/Threads.ts"

/** A row with JSON that has not been decoded yet. */
export interface StoredJson {
  readonly data: unknown
}

/**
 * Reads the JSON of rows, which were written as values of the schema's type: their members keep
 * the order in which they were written. A row that does not fit was changed by somebody else, or
 * has a format that no migration has brought up to date. The log then says where, without values,
 * and the caller sees an outage.
 */
const reading = <A>(table: string, schema: Schema.Codec<A, unknown>) => {
  const type = Schema.toType(schema)
  const fits = Schema.is(type)
  const decode = Schema.decodeUnknownResult(type)
  return (rows: ReadonlyArray<StoredJson>): Effect.Effect<ReadonlyArray<A>, DbUnavailable> => {
    const values: Array<A> = []
    for (const { data } of rows) {
      if (!fits(data)) return unreadable(table, decode(data))
      values.push(data)
    }
    return Effect.succeed(values)
  }
}

const unreadable = (table: string, result: Result.Result<unknown, Schema.SchemaError>) => {
  const found = Result.isFailure(result)
    ? problemOf(result.failure.issue)
    : { path: [], problem: "does not fit" }
  return Effect.logError("stored JSON does not fit the protocol").pipe(
    Effect.annotateLogs({ table, problem: `${fieldOf(found)} ${found.problem}`.trim() }),
    Effect.andThen(Effect.fail(new DbUnavailable({ operation: `read ${table}` })))
  )
}

export const storedThreads = reading("chatkit.threads", ThreadMetadata)
export const storedItems = reading("chatkit.items", ThreadItem)
export const storedAttachments = reading("chatkit.attachments", AttachmentFields)
export const storedToolCalls = reading("chatkit.items", ClientToolCallItem)
