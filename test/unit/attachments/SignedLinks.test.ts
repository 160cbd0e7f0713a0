import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Redacted, Schema } from "effect"
import { type Permit, signLink, verifyLink } from "../../../src/attachments/SignedLinks.ts"
import { SessionId, UserId } from "../../../src/core/User.ts"

const key = Redacted.make("a key")

const oneOf = <const A extends string>(...texts: ReadonlyArray<A>) =>
  Arbitrary.schema(Schema.Literals(texts))
const upTo = (maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))
const anyText = Arbitrary.map(Arbitrary.schema(Schema.String), (text) => text.toWellFormed())

const permits = Arbitrary.map(
  Arbitrary.all([
    oneOf("upload", "content"),
    anyText,
    anyText,
    upTo(4_000_000_000),
    Arbitrary.schema(Schema.Boolean)
  ]),
  ([purpose, id, user, seconds, isBound]): Permit => ({
    purpose,
    attachmentId: `atc_${id}`,
    userId: UserId.make(user),
    sessionId: isBound ? SessionId.make(`${id}${user}`) : undefined,
    expires: seconds + 1
  })
)

const runs = { arbitrary: { runs: 1000 } }

/** The path and query of a link, as the server sees them. */
const targetOf = (permit: Permit) => {
  const base = "https://x.example"
  return signLink(base, key, permit).slice(base.length)
}

const holderOf = ({ sessionId, userId }: Permit) => ({ userId, sessionId })

const expected = (same: boolean, permit: Permit) => (same ? holderOf(permit) : undefined)

describe("SignedLinks", () => {
  it.prop(
    "accepts a link until its last second and no longer",
    [permits],
    ([permit]) => {
      const end = permit.expires * 1000
      const holder = verifyLink(targetOf(permit), key, permit, end - 1)
      assert.deepStrictEqual(holder, holderOf(permit))
      assert.isUndefined(verifyLink(targetOf(permit), key, permit, end))
    },
    runs
  )

  it.prop(
    "refuses a link after any change of its query",
    [permits, upTo(1000), oneOf("insert", "replace", "remove"), anyText],
    ([permit, at, change, text]) => {
      const target = targetOf(permit)
      const start = target.indexOf("?") + 1
      const position = start + (at % (target.length - start))
      const changed =
        target.slice(0, position) +
        (change === "remove" ? "" : text) +
        target.slice(change === "insert" ? position : position + 1)
      const holder = verifyLink(changed, key, permit, 0)
      assert.deepStrictEqual(holder, expected(changed === target, permit))
    },
    runs
  )

  it.prop(
    "refuses another spelling of the same query",
    [permits, oneOf("&", "&x=1", "=", "%20", "#", "?", " ", "+")],
    ([permit, addition]) => {
      const target = targetOf(permit)
      assert.isUndefined(verifyLink(target + addition, key, permit, 0))
      const [path = "", query = ""] = target.split("?")
      const reversed = query.split("&").toReversed().join("&")
      assert.isUndefined(verifyLink(`${path}?${reversed}`, key, permit, 0))
      const respelt = query.replace("expires=", "e%78pires=")
      assert.isUndefined(verifyLink(`${path}?${respelt}`, key, permit, 0))
    },
    runs
  )

  it.prop(
    "refuses a link for another purpose, attachment, user, session or key",
    [permits, anyText],
    ([permit, other]) => {
      const target = targetOf(permit)
      const purpose = permit.purpose === "upload" ? "content" : "upload"
      const attachmentId = `${permit.attachmentId}${other}x`
      assert.isUndefined(verifyLink(target, key, { ...permit, purpose }, 0))
      assert.isUndefined(verifyLink(target, key, { ...permit, attachmentId }, 0))
      assert.isUndefined(verifyLink(target, Redacted.make("another key"), permit, 0))
      const query = new URLSearchParams(target.slice(target.indexOf("?")))
      query.set("user", `${permit.userId}${other}x`)
      assert.isUndefined(verifyLink(`/?${query}`, key, permit, 0))
      const bound = new URLSearchParams(target.slice(target.indexOf("?")))
      if (bound.has("session")) bound.delete("session")
      else bound.set("session", other)
      assert.isUndefined(verifyLink(`/?${bound}`, key, permit, 0))
    },
    runs
  )

  it("signs different parts differently, even where their texts join alike", () => {
    const base = { purpose: "upload" as const, sessionId: undefined, expires: 1 }
    const a = signLink("https://x.example", key, {
      ...base,
      attachmentId: "a",
      userId: UserId.make(`b","c`)
    })
    const signature = new URL(a).searchParams.get("signature")!
    const b = signLink("https://x.example", key, {
      ...base,
      attachmentId: `a","b`,
      userId: UserId.make("c")
    })
    assert.notInclude(b, signature)
  })
})
