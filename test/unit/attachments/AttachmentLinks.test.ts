import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { AttachmentLinks } from "../../../src/attachments/AttachmentLinks.ts"
import { LinkKey } from "../../../src/attachments/LinkKey.ts"
import type { AttachmentRecord } from "../../../src/attachments/AttachmentStore.ts"
import { LiveSessions } from "../../../src/auth/LiveSessions.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { RequestInfo } from "../../../src/core/RequestInfo.ts"
import { everybodyLive } from "../../support/Doubles.ts"
import { at } from "../../support/Requests.ts"
import { UserId } from "../../../src/core/User.ts"

const ada = UserId.make("ada")
const key = Redacted.make("a key")

const record: AttachmentRecord = {
  id: "atc_1",
  name: "a.png",
  mime_type: "image/PNG",
  size: 1,
  uploaded: false,
  metadata: { secret: true }
}

const KnownKey = Layer.succeed(LinkKey, { key: Effect.succeed(key) })
const Links = AttachmentLinks.layer.pipe(Layer.provide([KnownKey, everybodyLive]))

const makerFor = (base: string) => Effect.flatMap(AttachmentLinks, ({ maker }) => at(base)(maker))

const expiryOf = (link: string) => Number(new URL(link).searchParams.get("expires"))

const noon = Date.UTC(2025, 0, 1, 12) / 1000

describe("AttachmentLinks", () => {
  it.effect("makes an upload link and a preview for an image that waits for its bytes", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((noon + 1) * 1000 + 999)
      const { toAttachment } = yield* makerFor("https://chat.example.com")
      const attachment = toAttachment(ada, { ...record, thread_id: "thr_1" })
      assert.deepStrictEqual(Object.keys(attachment), [
        "id",
        "name",
        "mime_type",
        "upload_descriptor",
        "thread_id",
        "type",
        "preview_url"
      ])
      assert(attachment.type === "image" && attachment.upload_descriptor !== undefined)
      const { url, ...rest } = attachment.upload_descriptor
      assert.deepStrictEqual(rest, { method: "PUT", headers: { "Content-Type": "image/PNG" } })
      const link = new URL(url)
      assert.strictEqual(
        link.origin + link.pathname,
        "https://chat.example.com/support/attachments/atc_1/upload"
      )
      assert.deepStrictEqual([...link.searchParams.keys()], ["user", "expires", "signature"])
      assert.match(link.searchParams.get("signature") ?? "", /^[\w-]{43}$/)
      assert.strictEqual(expiryOf(url), noon + 3601)
      const preview = new URL(attachment.preview_url)
      assert.strictEqual(preview.pathname, "/support/attachments/atc_1/content")
    }).pipe(Effect.provide(Links))
  )

  it.effect("makes no link for a file that is uploaded", () =>
    Effect.gen(function* () {
      const { refresh, toAttachment } = yield* makerFor("https://chat.example.com")
      const file = toAttachment(ada, { ...record, mime_type: "application/pdf", uploaded: true })
      assert.deepStrictEqual(file, {
        id: "atc_1",
        name: "a.png",
        mime_type: "application/pdf",
        type: "file"
      })
      assert.deepStrictEqual(refresh(ada, file), file)
    }).pipe(Effect.provide(Links))
  )

  it.effect("begins links with the public address as a browser writes it", () =>
    Effect.gen(function* () {
      for (const [base, start] of [
        ["HTTPS://Chat.Example.com:443", "https://chat.example.com/support/"],
        ["http://localhost:8000", "http://localhost:8000/support/"],
        ["https://example.com/a b", "https://example.com/a%20b/support/"],
        ["https://münchen.example", "https://xn--mnchen-3ya.example/support/"]
      ] as const) {
        const attachment = (yield* makerFor(base)).toAttachment(ada, { ...record, id: "ä/b" })
        assert(attachment.type === "image")
        assert.isTrue(attachment.preview_url.startsWith(`${start}attachments/%C3%A4%2Fb/content?`))
      }
    }).pipe(Effect.provide(Links))
  )

  it.effect("keeps a preview link the same for an hour, and good for one more", () =>
    Effect.gen(function* () {
      const previewAt = Effect.fnUntraced(function* (seconds: number) {
        yield* TestClock.setTime(seconds * 1000)
        const { refresh, toAttachment } = yield* makerFor("https://chat.example.com")
        const attachment = toAttachment(ada, record)
        assert(attachment.type === "image")
        const fresh = refresh(ada, { ...attachment, preview_url: "" })
        assert.deepStrictEqual(fresh, attachment)
        return attachment.preview_url
      })
      const first = yield* previewAt(noon + 1)
      assert.strictEqual(expiryOf(first), noon + 7200)
      assert.strictEqual(yield* previewAt(noon + 3600), first)
      assert.notStrictEqual(yield* previewAt(noon + 3601), first)
      assert.strictEqual(expiryOf(yield* previewAt(noon)), noon + 3600)
    }).pipe(Effect.provide(Links))
  )

  it.effect(
    "waits for the answer whether somebody is signed in within the request's budget",
    () => {
      const asked = Deferred.makeUnsafe<void>()
      const isLive = () => Effect.andThen(Deferred.succeed(asked, undefined), Effect.never)
      return Effect.gen(function* () {
        const { verify } = yield* AttachmentLinks
        const attachment = (yield* makerFor("https://chat.example.com")).toAttachment(ada, record)
        const link = { attachmentId: record.id, url: attachment.upload_descriptor?.url ?? "" }
        const verifying = yield* Effect.forkChild(
          Effect.provideService(Effect.flip(verify("upload", link)), RequestInfo, {
            ...RequestInfo.defaultValue(),
            left: 100
          })
        )
        yield* Deferred.await(asked)
        yield* TestClock.adjust(99)
        assert.isUndefined(verifying.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(verifying)
        assert.deepStrictEqual(error, new DbUnavailable({ operation: "AttachmentLinks.verify" }))
      }).pipe(
        Effect.provide(AttachmentLinks.layer.pipe(Layer.provide(KnownKey))),
        Effect.provideService(LiveSessions, { isLive })
      )
    }
  )

  it.effect("makes no links while the key is unavailable", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(makerFor("https://chat.example.com"))
      assert.deepStrictEqual(error, new DbUnavailable({ operation: "test" }))
    }).pipe(
      Effect.provide(AttachmentLinks.layer.pipe(Layer.provide(everybodyLive))),
      Effect.provideService(LinkKey, { key: new DbUnavailable({ operation: "test" }) })
    )
  )
})
