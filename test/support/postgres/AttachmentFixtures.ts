import { Effect, Layer, Stream } from "effect"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import { type AttachmentRecord, AttachmentStore } from "../../../src/attachments/AttachmentStore.ts"
import { AttachmentContentPg } from "../../../src/postgres/attachments/AttachmentContentPg.ts"
import { LinkKeyPg } from "../../../src/postgres/attachments/LinkKeyPg.ts"
import { SqlFailures } from "../../../src/postgres/SqlFailures.ts"
import { Migrations } from "../../../src/postgres/Migrations.ts"
import { ThreadStorePg } from "../../../src/postgres/threads/ThreadStorePg.ts"
import { AttachmentStorePg } from "../../../src/postgres/attachments/AttachmentStorePg.ts"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { UserId } from "../../../src/core/User.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { TestDatabase } from "../Database.ts"
import { SharedDatabase, unique } from "./SharedDatabase.ts"
import { roomy } from "../ThreadFixtures.ts"

export const ada = UserId.make("ada")
export const grace = UserId.make("grace")
/** The stores of attachments on one database. */
export const Stores = Layer.mergeAll(
  AttachmentContentPg,
  LinkKeyPg,
  AttachmentStorePg,
  ThreadStorePg
).pipe(
  Layer.provide(Migrations.layer),
  Layer.provide(SqlFailures.layer),
  Layer.provide(LogBudget.layer),
  Layer.provide(Layer.succeed(Timeouts, { statement: 20_000, request: 40_000, admission: 20_000 })),
  Layer.provideMerge(SharedDatabase)
)

/** An attachment of ada's that waits for its bytes. */
export const create = Effect.fnUntraced(function* (metadata = {}) {
  const record: AttachmentRecord = {
    id: unique("atc"),
    name: "a.txt",
    mime_type: "text/plain",
    size: 1,
    uploaded: false,
    metadata
  }
  yield* (yield* AttachmentStore).save(ada, record, roomy)
  return record
})

/** Any SQL, past the product; the rows of the last statement. */
export const exec = (sql: string) => Effect.flatMap(TestDatabase, ({ exec }) => exec(sql))

/** SQL that makes an attachment and its bytes older than a day. */
export const older = (id: string) => `
  update chatkit.attachments set created_at = now() - interval '25 hours' where id = '${id}';
  update chatkit.attachment_chunks set created_at = now() - interval '25 hours'
  where attachment_id = '${id}'`

/** How many rows hold bytes of the attachment, of whatever upload. */
export const piecesOf = (id: string) =>
  Effect.map(
    exec(`select count(*)::int as n from chatkit.attachment_chunks where attachment_id = '${id}'`),
    ([row]) => row?.["n"]
  )

export const write = Effect.fnUntraced(function* (
  id: string,
  ...chunks: ReadonlyArray<Uint8Array>
) {
  return yield* (yield* AttachmentContent).write(ada, id, Stream.fromIterable(chunks))
})

export const read = Effect.fnUntraced(function* (id: string, userId = ada) {
  const { bytes, ...rest } = yield* (yield* AttachmentContent).read(userId, id)
  return { ...rest, bytes: Buffer.concat(yield* Stream.runCollect(bytes)) }
})

export const bytesOf = (length: number) =>
  Buffer.from(Array.from({ length }, (_, n) => (n * 31) % 251))
