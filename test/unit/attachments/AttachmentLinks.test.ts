import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { AttachmentLinks } from "../../../src/attachments/AttachmentLinks.ts"
import { LinkKey } from "../../../src/attachments/LinkKey.ts"
import type { AttachmentRecord } from "../../../src/attachments/AttachmentStore.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { PublicUrl } from "../../../src/attachments/PublicUrl.ts"
import { UserId } from "../../../src/core/User.ts"
import { SignedAttachmentLinks } from "../../../src/attachments/SignedAttachmentLinks.ts"
import { holderOf, linkOf, type Permit } from "../../../src/attachments/SignedLinks.ts"
import { ada, Attaching, grace, put, refusalOf, send } from "../../support/http/Attaching.ts"

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
const Links = SignedAttachmentLinks.pipe(Layer.provide(KnownKey))

const makerFor = (base: string) =>
  Effect.flatMap(AttachmentLinks, ({ maker }) =>
    Effect.provideService(maker, PublicUrl, () => base)
  )

const expiryOf = (link: string) => Number(new URL(link).searchParams.get("expires"))

const noon = Date.UTC(2025, 0, 1, 12) / 1000

describe("links", () => {
  it.effect("of an image that waits for its bytes are an upload and a preview", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime((noon + 1) * 1000 + 999)
      const { shown } = yield* makerFor("https://chat.example.com")
      const attachment = shown(ada, { ...record, thread_id: "thr_1" })
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

  it.effect("of a file with its bytes are none", () =>
    Effect.gen(function* () {
      const { refreshed, shown } = yield* makerFor("https://chat.example.com")
      const file = shown(ada, { ...record, mime_type: "application/pdf", uploaded: true })
      assert.deepStrictEqual(file, {
        id: "atc_1",
        name: "a.png",
        mime_type: "application/pdf",
        type: "file"
      })
      assert.deepStrictEqual(refreshed(ada, file), file)
    }).pipe(Effect.provide(Links))
  )

  it.effect("begin with the public address as a browser writes it", () =>
    Effect.gen(function* () {
      for (const [base, start] of [
        ["HTTPS://Chat.Example.com:443", "https://chat.example.com/support/"],
        ["http://localhost:8000", "http://localhost:8000/support/"],
        ["https://example.com/a b", "https://example.com/a%20b/support/"],
        ["https://münchen.example", "https://xn--mnchen-3ya.example/support/"]
      ] as const) {
        const attachment = (yield* makerFor(base)).shown(ada, { ...record, id: "ä/b" })
        assert(attachment.type === "image")
        assert.isTrue(attachment.preview_url.startsWith(`${start}attachments/%C3%A4%2Fb/content?`))
      }
    }).pipe(Effect.provide(Links))
  )

  it.effect("to a preview stay the same for an hour and work for one more", () =>
    Effect.gen(function* () {
      const previewAt = Effect.fnUntraced(function* (seconds: number) {
        yield* TestClock.setTime(seconds * 1000)
        const { refreshed, shown } = yield* makerFor("https://chat.example.com")
        const attachment = shown(ada, record)
        assert(attachment.type === "image")
        const fresh = refreshed(ada, { ...attachment, preview_url: "" })
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

  it.effect("are not made without the key", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(makerFor("https://chat.example.com"))
      assert.deepStrictEqual(error, new DbUnavailable({ operation: "test" }))
    }).pipe(
      Effect.provide(SignedAttachmentLinks),
      Effect.provideService(LinkKey, { key: new DbUnavailable({ operation: "test" }) })
    )
  )
})

const oneOf = <const A extends string>(...texts: ReadonlyArray<A>) =>
  Arbitrary.schema(Schema.Literals(texts))
const upTo = (maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))
const anyText = Arbitrary.map(Arbitrary.schema(Schema.String), (text) => text.toWellFormed())

const permits = Arbitrary.map(
  Arbitrary.all([oneOf("upload", "content"), anyText, anyText, upTo(4_000_000_000)]),
  ([purpose, id, user, seconds]): Permit => ({
    purpose,
    attachmentId: `atc_${id}`,
    userId: UserId.make(user),
    expires: seconds + 1
  })
)

const runs = { arbitrary: { runs: 1000 } }

/** What the server sees of a link. */
const targetOf = (permit: Permit) => {
  const base = "https://x.example"
  return linkOf(base, key, permit).slice(base.length)
}

const expected = (same: boolean, { userId }: Permit) => (same ? userId : undefined)

describe("a signed link", () => {
  it.prop(
    "holds until its last second and no longer",
    [permits],
    ([permit]) => {
      const end = permit.expires * 1000
      assert.strictEqual(holderOf(targetOf(permit), key, permit, end - 1), permit.userId)
      assert.isUndefined(holderOf(targetOf(permit), key, permit, end))
    },
    runs
  )

  it.prop(
    "does not survive any change of its query",
    [permits, upTo(1000), oneOf("insert", "replace", "remove"), anyText],
    ([permit, at, change, text]) => {
      const target = targetOf(permit)
      const start = target.indexOf("?") + 1
      const position = start + (at % (target.length - start))
      const changed =
        target.slice(0, position) +
        (change === "remove" ? "" : text) +
        target.slice(change === "insert" ? position : position + 1)
      assert.strictEqual(holderOf(changed, key, permit, 0), expected(changed === target, permit))
    },
    runs
  )

  it.prop(
    "does not survive another spelling of its query",
    [permits, oneOf("&", "&x=1", "=", "%20", "#", "?", " ", "+")],
    ([permit, addition]) => {
      const target = targetOf(permit)
      assert.isUndefined(holderOf(target + addition, key, permit, 0))
      const [path = "", query = ""] = target.split("?")
      const reversed = query.split("&").toReversed().join("&")
      assert.isUndefined(holderOf(`${path}?${reversed}`, key, permit, 0))
      const respelt = query.replace("expires=", "e%78pires=")
      assert.isUndefined(holderOf(`${path}?${respelt}`, key, permit, 0))
    },
    runs
  )

  it.prop(
    "is for one purpose, attachment and person, and of one key",
    [permits, anyText],
    ([permit, other]) => {
      const target = targetOf(permit)
      const purpose = permit.purpose === "upload" ? "content" : "upload"
      const attachmentId = `${permit.attachmentId}${other}x`
      assert.isUndefined(holderOf(target, key, { ...permit, purpose }, 0))
      assert.isUndefined(holderOf(target, key, { ...permit, attachmentId }, 0))
      assert.isUndefined(holderOf(target, Redacted.make("another key"), permit, 0))
      const query = new URLSearchParams(target.slice(target.indexOf("?")))
      query.set("user", `${permit.userId}${other}x`)
      assert.isUndefined(holderOf(`/?${query}`, key, permit, 0))
    },
    runs
  )

  it("tells where one part ends and the next begins", () => {
    const base = { purpose: "upload" as const, expires: 1 }
    const a = linkOf("https://x.example", key, {
      ...base,
      attachmentId: "a",
      userId: UserId.make(`b","c`)
    })
    const signature = new URL(a).searchParams.get("signature")!
    const b = linkOf("https://x.example", key, {
      ...base,
      attachmentId: `a","b`,
      userId: UserId.make("c")
    })
    assert.notInclude(b, signature)
  })
})

layer(Attaching.layer(), { excludeTestServices: true })("a link that was not made so", (it) => {
  const invalid = [403, "This link is invalid or has expired: load the thread again for a new one"]

  it.effect("is refused before anything is asked, whatever it would lead to", () =>
    Effect.gen(function* () {
      const { calls, create, key, url } = yield* Attaching
      const { id } = yield* create()
      const hourFromNow = Math.floor(Date.now() / 1000) + 3600
      const permit = (changes: Partial<Permit> = {}) =>
        linkOf(url, key, {
          purpose: "upload",
          attachmentId: id,
          userId: ada,
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
        assert.deepStrictEqual(refusalOf(yield* send(link, { method: "PUT", body: "x" })), invalid)
        assert.deepStrictEqual(refusalOf(yield* send(link, { method: "POST", body: "x" })), invalid)
      }
      for (const link of [content, `${content}?${query(good)}`]) {
        assert.deepStrictEqual(refusalOf(yield* send(link, { method: "GET" })), invalid)
      }
      assert.deepStrictEqual(calls, [])
    })
  )

  it.effect("leaves the good one usable, by the person it was made for", () =>
    Effect.gen(function* () {
      const { create, key, url } = yield* Attaching
      const attachment = yield* create()
      const permit = { purpose: "upload", attachmentId: attachment.id, userId: grace } as const
      const ofGrace = linkOf(url, key, { ...permit, expires: 4_000_000_000 })
      assert.deepStrictEqual(refusalOf(yield* send(ofGrace, { method: "PUT", body: "x" })), [
        404,
        "Attachment not found"
      ])
      assert.strictEqual((yield* put(attachment, "x")).status, 200)
    })
  )
})
