import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { Headers } from "effect/http"
import type { CurrentUser } from "../../../../src/auth/CurrentUser.ts"
import { SessionId, UserId } from "../../../../src/core/User.ts"
import { upstreamHeaders } from "../../../../src/http/upstream/UpstreamHeaders.ts"

const headersOf = (userId: string, email: string, name = "Ada") => {
  const user: CurrentUser["Service"] = {
    userId: UserId.make(userId),
    sessionId: SessionId.make("session"),
    email: Redacted.make(email),
    name,
    verification: { kind: "jwt", alg: "EdDSA" }
  }
  return upstreamHeaders(Headers.empty, user, "request", undefined)
}

describe("the headers for an upstream server", () => {
  it("never name two people alike, and decode to what was stored", () => {
    const ids = ["a b", "a%20b", "a%2520b", "ü", "%C3%BC", "plain-1"]
    const sent = ids.map((id) => headersOf(id, "ada@example.com")["x-user-id"]!)
    assert.strictEqual(new Set(sent).size, ids.length)
    assert.deepStrictEqual(sent.map(decodeURIComponent), ids)
    assert.strictEqual(sent.at(-1), "plain-1")
  })

  it("have addresses and names that fit a header", () => {
    const headers = headersOf("ada", "zoë%x@example.com", "Zoë\r\nx-user-id: grace 漢\ud800")
    for (const value of Object.values(headers)) assert.match(value, /^[\x21-\x7e]+$/)
    assert.strictEqual(decodeURIComponent(headers["x-user-email"]!), "zoë%x@example.com")
  })

  it("have no assertion where none is signed", () => {
    assert.notProperty(headersOf("ada", "ada@example.com"), "x-user-assertion")
  })
})
