import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { AttachmentContent } from "../../../../src/attachments/AttachmentContent.ts"
import { DbUnavailable } from "../../../../src/core/Errors.ts"
import { attachments } from "../../../contracts/AttachmentStore.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { captureLogs } from "../../../support/Doubles.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"
import { attachment, roomy, userWith } from "../../../support/ThreadFixtures.ts"

layer(StoreOnPostgreSQL, { excludeTestServices: true })("AttachmentStore, in PostgreSQL", (it) => {
  attachments(it)

  it.effect("answers a row that does not fit with an outage, and logs where but no value", () => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      const { attachments, user } = yield* userWith(0)
      const { exec } = yield* TestDatabase
      const content = yield* AttachmentContent
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      yield* exec(`
        update chatkit.attachments set upload = 'u', length = 0,
          data = jsonb_set(data::jsonb, '{size}', '"a secret"')::json
        where id = '${file}'`)
      const unreadable = new DbUnavailable({ operation: "read chatkit.attachments" })
      assert.deepStrictEqual(yield* Effect.flip(attachments.load(user, [file])), unreadable)
      assert.deepStrictEqual(yield* Effect.flip(content.read(user, file)), unreadable)
      assert.lengthOf(logs, 2)
      for (const line of logs) {
        assert.deepStrictEqual(JSON.parse(line).annotations, {
          table: "chatkit.attachments",
          problem: "size must be a finite number"
        })
        assert.notInclude(line, "a secret")
      }
    }).pipe(Effect.provide(captureLogs(logs)))
  })
})
