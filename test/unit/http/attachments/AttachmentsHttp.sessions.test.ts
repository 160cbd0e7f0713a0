import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Attachment } from "../../../../src/protocol/Attachments.ts"
import { ask, sendBytes } from "../../../support/Client.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { freshDatabase } from "../../../support/faults/ServerBehindProxy.ts"
import { refusalOf } from "../../../support/http/AttachmentServer.ts"
import { png } from "../../../support/http/UploadForms.ts"
import { start } from "../../../support/Server.ts"
import { pluginClaims, sign } from "../../../support/Tokens.ts"

const invalid = [403, "This link is invalid or has expired: load the thread again for a new one"]

/** Ada with two sessions, and a link of each kind that a token made for her. */
const adaWithLinks = Effect.fnUntraced(function* (claims: Record<string, unknown>) {
  const { database, key } = yield* freshDatabase
  const { exec } = database
  yield* exec(`alter table "user" add column "banned" boolean;
    insert into "session" ("id", "userId", "token", "expiresAt")
    values ('ada-phone', 'ada', 'ada-phone-token-of-32-letters-000', now() + interval '1 day')`)
  const { url } = yield* start(database.client)
  const token = yield* Effect.promise(() => sign(key, pluginClaims("ada", claims)))
  const create = Effect.gen(function* () {
    const params = { name: "a.png", size: png.length, mime_type: "image/png" }
    const { body } = yield* ask(url, token, { type: "attachments.create", params })
    const attachment = JSON.parse(body) as Attachment
    assert(attachment.type === "image" && attachment.upload_descriptor !== undefined)
    return { upload: attachment.upload_descriptor.url, content: attachment.preview_url }
  })
  const [stored, waiting] = [yield* create, yield* create]
  assert.strictEqual((yield* sendBytes(stored.upload, { method: "PUT", body: png })).status, 200)
  const download = sendBytes(stored.content, { method: "GET" })
  const upload = sendBytes(waiting.upload, { method: "PUT", body: png })
  const assertRefused = (sql: string) =>
    Effect.gen(function* () {
      yield* exec(sql)
      for (const use of [download, upload]) {
        assert.deepStrictEqual(refusalOf(yield* use), invalid, sql)
      }
    })
  const assertGood = Effect.gen(function* () {
    assert.deepStrictEqual((yield* download).body, png)
    assert.strictEqual((yield* upload).status, 200)
  })
  return { exec, waiting, assertRefused, assertGood, download }
})

layer(TestDatabase.layer, { excludeTestServices: true })("links to attachments", (it) => {
  it.effect("A10: are good while the session that the token named lives, and no longer", () =>
    Effect.gen(function* () {
      const { assertGood, assertRefused, exec, waiting } = yield* adaWithLinks({
        sid: "ada-session"
      })
      assert.strictEqual(new URL(waiting.upload).searchParams.get("session"), "ada-session")
      yield* assertRefused(`update "session" set "expiresAt" = now() where "id" = 'ada-session'`)
      yield* assertRefused(`update "session" set "userId" = 'grace' where "id" = 'ada-session'`)
      yield* exec(`update "session" set "userId" = 'ada', "expiresAt" = now() + interval '1 day'
        where "id" = 'ada-session'`)
      yield* assertGood
      yield* assertRefused(`delete from "session" where "id" = 'ada-session'`)
    })
  )

  it.effect("A10: are good while any session lives where the token named none", () =>
    Effect.gen(function* () {
      const { assertGood, assertRefused, exec, waiting } = yield* adaWithLinks({})
      assert.isFalse(new URL(waiting.upload).searchParams.has("session"))
      yield* exec(`delete from "session" where "id" = 'ada-session'`)
      yield* assertGood
      yield* assertRefused(`delete from "session" where "id" = 'ada-phone'`)
    })
  )

  it.effect("A10: are refused to a banned and to a deleted user, as if they were forged", () =>
    Effect.gen(function* () {
      const { assertRefused, exec } = yield* adaWithLinks({})
      yield* assertRefused(`update "user" set "banned" = true where "id" = 'ada'`)
      yield* exec(`update "user" set "banned" = false where "id" = 'ada'`)
      yield* assertRefused(`delete from "user" where "id" = 'ada'`)
    })
  )

  it.effect("A10: are answered 503 while nobody can say who is signed in", () =>
    Effect.gen(function* () {
      const { download, exec } = yield* adaWithLinks({})
      yield* exec(`alter table "session" rename to "elsewhere"`)
      assert.deepStrictEqual(refusalOf(yield* download), [503, "Service temporarily unavailable"])
      yield* exec(`alter table "elsewhere" rename to "session"`)
      assert.strictEqual((yield* download).status, 200)
    })
  )
})
