import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Permit, signLink } from "../../../../src/attachments/SignedLinks.ts"
import {
  ada,
  AttachmentServer,
  grace,
  put,
  refusalOf
} from "../../../support/http/AttachmentServer.ts"
import { sendBytes } from "../../../support/Client.ts"

layer(AttachmentServer.layer(), { excludeTestServices: true })("a link that was changed", (it) => {
  const invalid = [403, "This link is invalid or has expired: load the thread again for a new one"]

  it.effect("is refused before the database is asked, whatever it names", () =>
    Effect.gen(function* () {
      const { calls, create, key, url } = yield* AttachmentServer
      const { id } = yield* create()
      const hourFromNow = Math.floor(Date.now() / 1000) + 3600
      const permit = (changes: Partial<Permit> = {}) =>
        signLink(url, key, {
          purpose: "upload",
          attachmentId: id,
          userId: ada,
          sessionId: undefined,
          expires: hourFromNow,
          ...changes
        })
      const query = (link: string) => new URL(link).searchParams
      const good = permit()
      const { expires, signature, user } = Object.fromEntries(query(good))
      const upload = `${url}/support/attachments/${id}/upload`
      const content = `${url}/support/attachments/${id}/content`
      calls.length = 0
      for (const link of [
        upload,
        `${upload}?`,
        `${upload}?user=${user}&expires=${expires}`,
        `${upload}?user=${user}&signature=${signature}`,
        `${upload}?expires=${expires}&signature=${signature}`,
        `${upload}?user=${grace}&expires=${expires}&signature=${signature}`,
        `${upload}?user=${user}&expires=${Number(expires) + 1}&signature=${signature}`,
        `${upload}?user=${user}&expires=${expires}&signature=${"A".repeat(43)}`,
        `${good}&signature=${signature}`,
        `${good}&user=${user}`,
        permit({ expires: hourFromNow - 3600 }),
        permit({ attachmentId: "atc_unknown", expires: hourFromNow - 3600 }),
        `${upload}?${query(permit({ purpose: "content" }))}`,
        `${upload}?${query(permit({ attachmentId: "atc_other" }))}`
      ]) {
        assert.deepStrictEqual(
          refusalOf(yield* sendBytes(link, { method: "PUT", body: "x" })),
          invalid
        )
        assert.deepStrictEqual(
          refusalOf(yield* sendBytes(link, { method: "POST", body: "x" })),
          invalid
        )
      }
      for (const link of [content, `${content}?${query(good)}`]) {
        assert.deepStrictEqual(refusalOf(yield* sendBytes(link, { method: "GET" })), invalid)
      }
      assert.deepStrictEqual(calls, [])
    })
  )

  it.effect("F10: tells a stranger of nothing, and leaves the good one usable", () =>
    Effect.gen(function* () {
      const { create, key, url } = yield* AttachmentServer
      const attachment = yield* create()
      const uploadAs = (userId: typeof ada, attachmentId: string) => {
        const permit = { attachmentId, userId, sessionId: undefined, expires: 4_000_000_000 }
        const link = signLink(url, key, { purpose: "upload", ...permit })
        return Effect.map(sendBytes(link, { method: "PUT", body: "x" }), ({ body, status }) => [
          status,
          body.toString()
        ])
      }
      const unknown = yield* uploadAs(grace, "atc_unknown")
      assert.deepStrictEqual(unknown, [404, `{"error":"Attachment not found","status":404}`])
      assert.deepStrictEqual(yield* uploadAs(grace, attachment.id), unknown)
      assert.strictEqual((yield* put(attachment, "x")).status, 200)
      assert.deepStrictEqual(yield* uploadAs(grace, attachment.id), unknown)
      assert.strictEqual((yield* uploadAs(ada, attachment.id))[0], 200)
    })
  )
})
