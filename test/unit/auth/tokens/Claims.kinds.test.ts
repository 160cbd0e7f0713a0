import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import type { Expected } from "../../../../src/auth/tokens/Claims.ts"
import { origin } from "../../../support/Tokens.ts"
import {
  accepted,
  anyone,
  appPayload,
  cookiePayload,
  emailOf,
  hs256,
  now,
  ours,
  type Payload,
  plugin,
  pluginPayload,
  read
} from "../../../support/auth/Payloads.ts"

describe("the audience of a plugin token", () => {
  it("is its own issuer unless another one is set", () => {
    accepted(read(pluginPayload({ aud: [origin, "other"] })))
    const tenant = "https://tenant.example.com"
    accepted(read(pluginPayload({ iss: tenant, aud: tenant })))
  })

  it.for([
    ["missing", { aud: undefined }],
    ["of an OAuth client, as in ID tokens up to 1.6", { aud: "third-party-client" }],
    ["of the session cache", { aud: "better-auth:session-cache" }],
    ["of an OAuth resource", { iss: `${origin}/api/auth`, aud: [origin, `${origin}/userinfo`] }],
    ["another origin", { aud: "https://evil.example" }],
    ["the issuer and more", { aud: `${origin}/` }],
    ["empty like its issuer", { iss: "", aud: "" }],
    ["missing like its issuer", { iss: undefined, aud: undefined }],
    ["there but its issuer is not", { iss: undefined, aud: origin }],
    ["null like its issuer", { iss: null, aud: null }],
    ["an empty list", { aud: [] }],
    ["a list in a list", { aud: [[origin]] }],
    ["an object", { aud: { [origin]: true } }]
  ] as const)("is refused when it is %s", ([, claims]) => {
    assert.strictEqual(read(pluginPayload(claims)), "audience")
  })

  it("is the one that is set, and then the issuer alone will not do", () => {
    const chat: Expected = { issuers: [], audience: "chat" }
    accepted(read(pluginPayload({ aud: "chat" }), plugin, chat))
    accepted(read(pluginPayload({ aud: ["other", "chat"], iss: undefined }), plugin, chat))
    for (const aud of [origin, undefined, "Chat", "chat ", ["other"], [["chat"]], null]) {
      assert.strictEqual(read(pluginPayload({ aud }), plugin, chat), "audience")
    }
  })
})

describe("the audience of a token signed with the secret", () => {
  it("may be missing or its own issuer", () => {
    accepted(read(appPayload(), hs256))
    accepted(read(appPayload({ iss: "app", aud: "app" }), hs256))
    accepted(read(appPayload({ iss: "app", aud: ["x", "app"] }), hs256))
  })

  it.for([
    { aud: "x" },
    { aud: "x", iss: "app" },
    { aud: null },
    { aud: [] },
    { aud: "", iss: "" }
  ])("may not be %j", (claims) => assert.strictEqual(read(appPayload(claims), hs256), "audience"))

  it("is required when one is set", () => {
    const chat: Expected = { issuers: [], audience: "chat" }
    accepted(read(appPayload({ aud: ["chat"] }), hs256, chat))
    assert.strictEqual(read(appPayload(), hs256, chat), "audience")
    assert.strictEqual(read(appPayload({ aud: "app", iss: "app" }), hs256, chat), "audience")
    assert.strictEqual(read(cookiePayload(), hs256, chat), "audience")
  })
})

describe("a cookie-cache token", () => {
  it("gives the user's e-mail, id and session token", () => {
    const claims = accepted(read(cookiePayload(), hs256))
    assert.strictEqual(emailOf(claims), "ada@example.com")
    assert.strictEqual(claims.subject, "ada")
    assert.isUndefined(claims.sessionId)
    assert.deepStrictEqual(
      claims.sessionToken && Redacted.value(claims.sessionToken),
      "b1AIG5VNkFgKMJfntAlV1lh4RzlususY"
    )
    assert.deepStrictEqual(claims.verification, { kind: "session_cookie", alg: "HS256" })
  })

  it("is refused once an issuer is set, because it has none", () => {
    assert.strictEqual(read(cookiePayload(), hs256, ours), "session_cookie_with_issuer")
    const named = cookiePayload({ iss: origin, aud: origin })
    assert.strictEqual(read(named, hs256, ours), "session_cookie_with_issuer")
  })

  it.for<[string, Payload]>([
    ["a claim it never has", cookiePayload({ name: "Ada" })],
    ["an issuer", cookiePayload({ iss: origin })],
    ["a session id claim", cookiePayload({ sid: "ada-session" })],
    ["a session of another user", cookiePayload({}, { userId: "grace" })],
    ["a session of nobody", cookiePayload({}, { userId: undefined })],
    ["a user without an id", cookiePayload({}, { userId: undefined }, { id: undefined })],
    ["a user with a number for an id", cookiePayload({}, { userId: 1 }, { id: 1 })],
    ["a user with an empty id", cookiePayload({}, { userId: "" }, { id: "" })],
    ["no session token", cookiePayload({}, { token: undefined })],
    ["an empty session token", cookiePayload({}, { token: "" })],
    ["a session token with a NUL", cookiePayload({}, { token: "a\u0000" })],
    ["no e-mail", cookiePayload({}, {}, { email: undefined })],
    ["a wrong e-mail", cookiePayload({}, {}, { email: "ada" })]
  ])("is refused with %s", ([, payload]) => {
    assert.strictEqual(read(payload, hs256), "session_cookie_layout")
  })

  it.for<[string, Payload]>([
    ["session that is a list", cookiePayload({ session: [] })],
    ["session that is a text", cookiePayload({ session: "ada-session" })],
    ["user that is null", cookiePayload({ user: null })],
    ["subject beside it", cookiePayload({ sub: "ada" })]
  ])("is refused with a %s", ([, payload]) => {
    assert.strictEqual(read(payload, hs256), "email_missing")
  })

  it("with an e-mail beside it is an application's own, bound to the session it names", () => {
    const claims = accepted(read(cookiePayload({ email: "grace@example.com" }), hs256))
    assert.strictEqual(claims.verification.kind, "hs256_jwt")
    assert.isUndefined(claims.subject)
    assert.strictEqual(claims.sessionId, "ada-session")
  })

  it("is not accepted from a published key", () => {
    const payload = cookiePayload({ iss: origin, aud: origin })
    assert.strictEqual(read(payload), "email_missing")
    assert.strictEqual(read({ ...payload, sub: "ada" }), "email_missing")
  })
})

describe("a mailed token", () => {
  const times = { iat: now, exp: now + 3600 }
  const email = "ada@example.com"
  const updateTo = "grace@example.com"

  it.for<[string, Payload]>([
    ["verify address since 1.7", { email, userId: "ada", ...times }],
    ["confirm a change", { email, updateTo, requestType: "change-email-confirmation", ...times }],
    [
      "confirm a change since 1.7",
      { email, updateTo, requestType: "change-email-confirmation", userId: "ada", ...times }
    ],
    ["verify a change", { email, updateTo, requestType: "change-email-verification", ...times }],
    [
      "verify a change since 1.7",
      { email, updateTo, requestType: "change-email-verification", userId: "ada", ...times }
    ]
  ])("to %s is refused, whatever is set", ([, payload]) => {
    for (const expected of [anyone, ours, { issuers: [], audience: "chat" }]) {
      assert.strictEqual(read(payload, hs256, expected), "mailed_token")
    }
  })

  it("is known by each of its marks, whatever else it says and whoever signed it", () => {
    for (const mark of [{ updateTo }, { requestType: "x" }, { updateTo: null }]) {
      assert.strictEqual(read(appPayload(mark), hs256), "mailed_token")
      assert.strictEqual(read(pluginPayload(mark)), "mailed_token")
      assert.strictEqual(read(cookiePayload(mark), hs256), "mailed_token")
    }
  })

  it("to verify an address before 1.7 looks like an application's own, and an issuer closes it", () => {
    accepted(read({ email, ...times }, hs256))
    assert.strictEqual(read({ email, ...times }, hs256, ours), "issuer")
    assert.isString(read({ email, ...times }))
  })

  it("is not what a plugin token with a user id is, nor an application's with more in it", () => {
    accepted(read(pluginPayload({ userId: "ada" })))
    accepted(read(appPayload({ userId: "ada" }), hs256))
  })
})
