import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { origin } from "../../../support/Tokens.ts"
import {
  accepted,
  appPayload,
  emailOf,
  hs256,
  now,
  ours,
  plugin,
  pluginPayload,
  read
} from "../../../support/auth/Payloads.ts"

describe("a plugin token", () => {
  it("gives e-mail, subject and how it was verified, and names no session", () => {
    const claims = accepted(read(pluginPayload()))
    assert.strictEqual(emailOf(claims), "ada@example.com")
    assert.strictEqual(claims.subject, "ada")
    assert.isUndefined(claims.sessionId)
    assert.isUndefined(claims.sessionToken)
    assert.deepStrictEqual(claims.verification, {
      kind: "jwt",
      alg: "EdDSA",
      kid: "key-1",
      issuer: origin
    })
  })

  it("takes the e-mail as it is", () => {
    const email = " Ada@Example.COM".trim()
    assert.strictEqual(emailOf(accepted(read(pluginPayload({ email })))), email)
  })

  it("needs an e-mail, which `definePayload` may have dropped", () => {
    assert.strictEqual(read(pluginPayload({ email: undefined })), "email_missing")
    const nested = { email: undefined, user: { email: "ada@example.com", id: "ada" } }
    assert.strictEqual(read(pluginPayload(nested)), "email_missing")
  })

  it("needs a subject, for an address may have changed hands", () => {
    assert.strictEqual(read(pluginPayload({ sub: undefined })), "subject_missing")
  })

  it.for(["", null, 1, true, ["ada"], { id: "ada" }])("refuses the subject %j", (sub) => {
    assert.strictEqual(read(pluginPayload({ sub })), "claims")
    assert.strictEqual(read(appPayload({ sub }), hs256), "claims")
  })

  it("is refused with a cookie cache's layout, whoever signed it", () => {
    const session = { id: "s", token: "t", userId: "ada" }
    const user = { id: "ada", email: "ada@example.com" }
    assert.strictEqual(
      read(pluginPayload({ email: undefined, sub: undefined, session, user })),
      "email_missing"
    )
  })
})

describe("an application's own token", () => {
  it("is accepted with a subject", () => {
    const claims = accepted(read(appPayload(), hs256))
    assert.strictEqual(emailOf(claims), "ada@example.com")
    assert.strictEqual(claims.subject, "ada")
    assert.deepStrictEqual(claims.verification, { kind: "hs256_jwt", alg: "HS256" })
  })

  it("is accepted without a subject, too", () => {
    assert.isUndefined(accepted(read(appPayload({ sub: undefined }), hs256)).subject)
  })

  it("does not pass a key id on, which was not used", () => {
    const { verification } = accepted(read(appPayload({ iss: "app" }), { alg: "HS256", kid: "x" }))
    assert.deepStrictEqual(verification, { kind: "hs256_jwt", alg: "HS256", issuer: "app" })
  })

  it("needs an e-mail", () => {
    assert.strictEqual(read(appPayload({ email: undefined }), hs256), "email_missing")
  })
})

describe("the e-mail's syntax", () => {
  it.for([
    "a@b",
    "ada+tag@example.com",
    "o'hara@example.co.uk",
    "ünïcode@exämple.com",
    `${"a".repeat(308)}@example.com`
  ])("allows %j", (email) => {
    assert.strictEqual(emailOf(accepted(read(pluginPayload({ email })))), email)
  })

  it.for([
    "",
    "@",
    "ada",
    " ada@example.com",
    "ada@example.com ",
    "ada @example.com",
    "ada@example.com\n",
    "ada@exam\tple.com",
    "ada\u0000@example.com",
    "ada\u200b@example.com",
    "ada\u00a0@example.com",
    "ada\ud800@example.com",
    "ada@example.com,grace@example.com",
    "Ada <ada@example.com>",
    "<ada@example.com>",
    `${"a".repeat(309)}@example.com`,
    null,
    7,
    true,
    ["ada@example.com"],
    { toString: "ada@example.com" }
  ])("forbids %j", (email) => {
    assert.strictEqual(read(pluginPayload({ email })), "email_missing")
    assert.strictEqual(read(appPayload({ email }), hs256), "email_missing")
  })
})

describe("the times", () => {
  it.for([undefined, null, "1800000900", Infinity, NaN, true, [now + 900]])(
    "need an expiry that is a finite number, not %o",
    (exp) => {
      assert.strictEqual(read(pluginPayload({ exp })), "expiry_missing")
      assert.strictEqual(read(appPayload({ exp }), hs256), "expiry_missing")
    }
  )

  it("may come from a clock that is as far ahead as tolerated and no further", () => {
    accepted(read(pluginPayload({ iat: now + 15 })))
    assert.strictEqual(read(pluginPayload({ iat: now + 16 })), "issued_in_future")
    assert.strictEqual(read(pluginPayload({ iat: now * 1000 })), "issued_in_future")
    assert.strictEqual(read(appPayload({ iat: now + 16 }), hs256), "issued_in_future")
  })

  it("may lack the time of issue, but not have it wrong", () => {
    accepted(read(pluginPayload({ iat: undefined })))
    for (const iat of [null, "now", Infinity, -Infinity, NaN, [now]]) {
      assert.strictEqual(read(pluginPayload({ iat })), "claims")
    }
  })
})

describe("the session a token names", () => {
  it.for([
    [{ sid: "s-1" }, "s-1", undefined],
    [{ session: { id: "s-1" } }, "s-1", undefined],
    [{ sid: "s-1", session: { id: "s-1" } }, "s-1", undefined],
    [{ session: { token: "t-1" } }, undefined, "t-1"],
    [{ session: { id: "s-1", token: "t-1", userId: "ada" } }, "s-1", "t-1"]
  ] as const)("is bound to it: %j", ([named, sessionId, sessionToken]) => {
    for (const claims of [read(pluginPayload(named)), read(appPayload(named), hs256)]) {
      const { sessionId: id, sessionToken: token } = accepted(claims)
      assert.deepStrictEqual([id, token && Redacted.value(token)], [sessionId, sessionToken])
    }
  })

  it.for([
    { sid: null },
    { sid: "" },
    { sid: 1 },
    { sid: "a\u0000b" },
    { sid: "a b" },
    { sid: "é" },
    { sid: "s".repeat(256) },
    { sid: ["s-1"] },
    { session: { id: null } },
    { session: { id: 1 } },
    { session: { token: null } },
    { session: { token: "" } },
    { session: { token: "t\u0000" } },
    { sid: "s-1", session: { id: "s-2" } }
  ])("must be one, in printable ASCII, not %j", (named) => {
    assert.strictEqual(read(pluginPayload(named)), "claims")
    assert.strictEqual(read(appPayload(named), hs256), "claims")
  })
})

describe("the issuer", () => {
  it("is required of every token as soon as one is set", () => {
    accepted(read(pluginPayload(), plugin, ours))
    accepted(read(appPayload({ iss: origin }), hs256, ours))
    assert.strictEqual(read(appPayload(), hs256, ours), "issuer")
  })

  it.for([`${origin}/`, `${origin}/api/auth`, origin.toUpperCase(), "", null, [origin], undefined])(
    "must be that very one, not %o",
    (iss) => {
      assert.strictEqual(read(pluginPayload({ iss }), plugin, ours), "issuer")
      assert.strictEqual(read(appPayload({ iss }), hs256, ours), "issuer")
    }
  )
})
