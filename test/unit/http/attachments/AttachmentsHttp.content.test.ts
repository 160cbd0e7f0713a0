import * as http from "node:http"
import { assert, layer } from "@effect/vitest"
import { ByteSize, Effect, Stream } from "effect"
import { signLink } from "../../../../src/attachments/SignedLinks.ts"
import type { AttachmentRecord } from "../../../../src/attachments/AttachmentStore.ts"
import {
  ada,
  AttachmentServer,
  put,
  refusalOf,
  uploadUrl
} from "../../../support/http/AttachmentServer.ts"
import { formOf, png } from "../../../support/http/UploadForms.ts"
import { sendBytes } from "../../../support/Client.ts"

const contentUrl = Effect.fnUntraced(function* (id: string, userId = ada) {
  const { key, url } = yield* AttachmentServer
  const expires = Math.floor(Date.now() / 1000) + 60
  return signLink(url, key, {
    purpose: "content",
    attachmentId: id,
    userId,
    sessionId: undefined,
    expires
  })
})

const download = Effect.fnUntraced(function* (id: string) {
  return yield* sendBytes(yield* contentUrl(id), {
    method: "GET",
    headers: { authorization: "Bearer nonsense", origin: "https://app.example.com" }
  })
})

/** An attachment with these bytes, past the checks of an upload. */
const stored = Effect.fnUntraced(function* (
  attachment: Partial<AttachmentRecord>,
  bytes: Uint8Array | string = "x"
) {
  const { content, create } = yield* AttachmentServer
  const { id } = yield* create(attachment)
  yield* content.write(ada, id, Stream.make(Buffer.from(bytes)))
  return id
})

const headersOf = Effect.fnUntraced(function* (attachment: Partial<AttachmentRecord>) {
  const { body, headers, status } = yield* download(yield* stored(attachment))
  assert.deepStrictEqual([status, body.toString()], [200, "x"])
  return headers
})

/** As large as does not fit into what is buffered on the way; no two pieces of it are alike. */
const large = Buffer.alloc(12 * 1024 * 1024)
for (let n = 0; n < large.length; n += 4) large.writeUInt32LE((n * 2_654_435_761) >>> 0, n)
png.copy(large)

/** An answer that has begun to arrive and is read no further. */
const begun = (link: string) =>
  Effect.acquireRelease(
    Effect.callback<http.IncomingMessage>((resume) => {
      http.get(link, { agent: false }, (response) => {
        response.once("readable", () => resume(Effect.succeed(response)))
      })
    }),
    (response) => Effect.sync(() => response.destroy())
  )

layer(AttachmentServer.layer(), { excludeTestServices: true })(
  "the content of an attachment",
  (it) => {
    it.effect("is sent with headers that keep it from doing harm", () =>
      Effect.gen(function* () {
        const id = yield* stored({ name: "a.png", mime_type: "image/png" }, png)
        const { body, headers, status } = yield* download(id)
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(body, png)
        const { "content-disposition": disposition, ...rest } = headers
        assert.strictEqual(disposition, `inline; filename="a.png"; filename*=UTF-8''a.png`)
        assert.include(rest, {
          "content-type": "image/png",
          "content-length": String(png.length),
          "content-security-policy": "default-src 'none'; sandbox",
          "x-content-type-options": "nosniff",
          "cache-control": "private, max-age=3600, immutable",
          "cross-origin-resource-policy": "cross-origin",
          "access-control-allow-origin": "https://app.example.com"
        })
        assert.notProperty(rest, "transfer-encoding")
      })
    )

    it.effect("is inline only where that is safe, and is never a page or a script", () =>
      Effect.gen(function* () {
        for (const [mime_type, type, disposition] of [
          ["image/png", "image/png", "inline"],
          ["image/JPEG", "image/jpeg", "inline"],
          ["image/webp", "image/webp", "inline"],
          ["image/gif; a=b", "image/gif", "inline"],
          ["image/avif", "image/avif", "attachment"],
          ["application/pdf", "application/pdf", "attachment"],
          ["text/plain", "text/plain; charset=utf-8", "attachment"],
          ["text/csv; charset=latin1", "text/csv; charset=utf-8", "attachment"],
          ["application/json", "application/json; charset=utf-8", "attachment"],
          ["text/html", "application/octet-stream", "attachment"],
          ["TEXT/HTML", "application/octet-stream", "attachment"],
          ["application/xhtml+xml", "application/octet-stream", "attachment"],
          ["image/svg+xml", "application/octet-stream", "attachment"],
          ["text/xml", "application/octet-stream", "attachment"],
          ["application/xml", "application/octet-stream", "attachment"],
          ["text/javascript", "application/octet-stream", "attachment"],
          ["text/plain\r\nx-evil: 1", "application/octet-stream", "attachment"],
          ["nonsense", "application/octet-stream", "attachment"]
        ] as const) {
          const headers = yield* headersOf({ name: "a", mime_type })
          const shown = headers["content-disposition"]?.split(";")[0]
          assert.deepStrictEqual([headers["content-type"], shown], [type, disposition], mime_type)
          assert.notProperty(headers, "x-evil")
        }
      })
    )

    it.effect("has its name in both forms, whatever characters it has", () =>
      Effect.gen(function* () {
        for (const [name, ascii, utf8] of [
          ["my notes.txt", "my notes.txt", "my%20notes.txt"],
          ["Übersicht.pdf", "_bersicht.pdf", "%C3%9Cbersicht.pdf"],
          ["日本.txt", "__.txt", "%E6%97%A5%E6%9C%AC.txt"],
          ["👍.txt", "_.txt", "%F0%9F%91%8D.txt"],
          [`a"; x="b.txt`, "a_; x=_b.txt", "a%22%3B%20x%3D%22b.txt"],
          ["a\r\nset-cookie: b=c", "a__set-cookie: b=c", "a__set-cookie%3A%20b%3Dc"],
          ["../../etc/pass\\wd", ".._.._etc_pass_wd", ".._.._etc_pass_wd"],
          ["it's (1)*%41.txt", "it's (1)*_41.txt", "it%27s%20%281%29%2A%2541.txt"],
          ["a\ud800b\0\u0085", "a_b__", "a%EF%BF%BDb__"],
          ["", "file", "file"],
          [`${"x".repeat(5000)}.txt`, `${"x".repeat(196)}.txt`, `${"x".repeat(196)}.txt`]
        ] as const) {
          const headers = yield* headersOf({ name })
          assert.strictEqual(
            headers["content-disposition"],
            `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`
          )
          assert.notProperty(headers, "set-cookie")
        }
      })
    )

    it.effect("is not found before its bytes are uploaded, or by another user", () =>
      Effect.gen(function* () {
        const { create } = yield* AttachmentServer
        const notFound = [404, "Attachment not found"]
        assert.deepStrictEqual(refusalOf(yield* download((yield* create()).id)), notFound)
        assert.deepStrictEqual(refusalOf(yield* download("atc_unknown")), notFound)
        assert.deepStrictEqual(refusalOf(yield* download("no id")), notFound)
        const foreign = yield* contentUrl(yield* stored({}), "grace" as typeof ada)
        assert.deepStrictEqual(refusalOf(yield* sendBytes(foreign, { method: "GET" })), notFound)
      })
    )

    it.effect("answers HEAD with its headers alone", () =>
      Effect.gen(function* () {
        const link = yield* contentUrl(yield* stored({}, "hello"))
        const { body, headers, status } = yield* sendBytes(link, { method: "HEAD" })
        assert.deepStrictEqual([status, headers["content-length"], body.length], [200, "5", 0])
      })
    )

    it.effect("goes in and out piece by piece, in order, when the file is large", () =>
      Effect.gen(function* () {
        const { create, exec } = yield* AttachmentServer
        const attachment = yield* create({ mime_type: "image/png" })
        const pieces = Array.from({ length: 12 }, (_, n) => large.subarray(n << 20, (n + 1) << 20))
        assert.strictEqual((yield* put(attachment, pieces)).status, 200)
        const [row] = yield* exec(`
        select count(*)::int as rows, max(length(bytes))::int as longest
        from chatkit.attachment_chunks where attachment_id = '${attachment.id}'`)
        assert.deepStrictEqual(row, { rows: 48, longest: 262_144 })
        const { body, headers } = yield* download(attachment.id)
        assert.strictEqual(headers["content-length"], String(large.length))
        assert.isTrue(body.equals(large))

        const other = yield* create({ mime_type: "image/png" })
        const form = formOf([
          { field: "other", filename: "b.png", content: large.subarray(0, 1 << 20) },
          { field: "file", filename: "a.png", content: large },
          { field: "other", filename: "c.png", content: large.subarray(0, 1 << 20) }
        ])
        const posted = yield* sendBytes(uploadUrl(other), { method: "POST", ...form })
        assert.strictEqual(posted.status, 200)
        assert.isTrue((yield* download(other.id)).body.equals(large))
      })
    )

    it.effect("is stored while it arrives, and removed when the sender disconnects", () =>
      Effect.gen(function* () {
        const { create, exec } = yield* AttachmentServer
        const attachment = yield* create({ mime_type: "image/png" })
        const rows = Effect.map(
          exec(`
          select count(*)::int as n from chatkit.attachment_chunks
          where attachment_id = '${attachment.id}'`),
          ([row]) => row?.["n"]
        )
        const until = (n: number) => Effect.repeat(rows, { until: (found) => found === n })
        const sent = http.request(uploadUrl(attachment), { method: "PUT", agent: false })
        sent.on("error", () => undefined)
        sent.write(large.subarray(0, 1 << 20))
        yield* until(4)
        sent.destroy()
        yield* until(0)
        assert.strictEqual((yield* put(attachment, png)).status, 200)
      })
    )

    it.effect("does not keep others waiting when its readers are slow", () =>
      Effect.gen(function* () {
        const { content, create } = yield* AttachmentServer
        const { id } = yield* create({ mime_type: "image/png" })
        yield* content.write(ada, id, Stream.make(large))
        const link = yield* contentUrl(id)
        // More of them than there are connections to the database.
        const slow = yield* Effect.forEach(Array.from({ length: 12 }), () => begun(link), {
          concurrency: "unbounded"
        })
        assert.isTrue((yield* download(id)).body.equals(large))
        assert.isTrue(slow.every(({ complete }) => !complete))
      })
    )
  }
)

layer(AttachmentServer.layer({ limit: ByteSize.mebibytes(1) }), { excludeTestServices: true })(
  "the content of an attachment that is deleted while it is read",
  (it) => {
    it.effect("breaks off, and does not look complete", () =>
      Effect.gen(function* () {
        const { attachments, content, create } = yield* AttachmentServer
        const { id } = yield* create({ mime_type: "image/png" })
        yield* content.write(ada, id, Stream.make(large))
        const link = yield* contentUrl(id)
        const response = yield* begun(link)
        yield* attachments.delete(ada, id)
        const outcome = yield* Effect.callback<string>((resume) => {
          response.on("error", () => resume(Effect.succeed("broken off")))
          response.on("end", () => resume(Effect.succeed("whole")))
          response.resume()
        })
        assert.strictEqual(outcome, "broken off")
      })
    )
  }
)
