import { assert, describe, it } from "@effect/vitest"
import type { InvalidTokenReason } from "../../../../src/auth/Errors.ts"
import { parseHeader, shapeOf } from "../../../../src/auth/tokens/Jws.ts"

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** A compact JWS in form, with this header, or this text for a header. */
const withHeader = (header: unknown) => `${encode(header)}.${encode({ sub: "ada" })}.c2lnbmF0dXJl`

const good = withHeader({ alg: "EdDSA", kid: "key-1" })

describe("shapeOf", () => {
  it.for<[string, InvalidTokenReason]>([
    ["b1AIG5VNkFgKMJfntAlV1lh4RzlususY", "opaque_token"],
    ["", "opaque_token"],
    ["b1AIG5VNkFgKMJfntAlV1lh4RzlususY.iMqc690R8nwt%2F2KDAYf1mx9mI%3D", "session_token"],
    ["a.b.c", "malformed_token"],
    ["a.b.c.d", "malformed_token"],
    ["eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn", "encrypted_token"],
    ["a.b.c.d.e.f", "malformed_token"]
  ])("classifies %j as %s", ([token, reason]) => {
    assert.strictEqual(shapeOf(token), reason)
    assert.strictEqual(parseHeader(token), reason)
  })
})

describe("parseHeader", () => {
  it("reads the algorithm and the key id", () => {
    assert.deepStrictEqual(parseHeader(good), { alg: "EdDSA", kid: "key-1" })
    assert.deepStrictEqual(parseHeader(withHeader({ alg: "HS256" })), {
      alg: "HS256",
      kid: undefined
    })
  })

  it("takes a type only when it says JWT, in any case", () => {
    for (const typ of ["JWT", "jwt", "Jwt", "application/jwt"]) {
      assert.deepStrictEqual(parseHeader(withHeader({ alg: "HS256", typ })), {
        alg: "HS256",
        kid: undefined
      })
    }
  })

  it.for<unknown>([
    "at+jwt",
    "better-auth.session-cache+jwt",
    "JOSE",
    "dpop+jwt",
    "",
    " JWT",
    "JWT\n",
    "text/jwt",
    null,
    7,
    ["JWT"],
    { toString: "JWT" },
    { toString: null, valueOf: null }
  ])("refuses the type %j", (typ) => {
    assert.strictEqual(parseHeader(withHeader({ alg: "HS256", typ })), "header_not_allowed")
  })

  it.each([
    ["crit", ["exp"]],
    ["crit", []],
    ["crit", null],
    ["b64", false],
    ["b64", true],
    ["zip", "DEF"],
    ["cty", "JWT"],
    ["cty", null]
  ])("refuses the extension %s: %j", (name, value) => {
    assert.strictEqual(
      parseHeader(withHeader({ alg: "HS256", [name]: value })),
      "header_not_allowed"
    )
  })

  it("ignores keys that the token brings along", () => {
    const brought = { jwk: { kty: "oct", k: "AA" }, jku: "http://evil.example", x5u: "x", x5c: [] }
    assert.deepStrictEqual(parseHeader(withHeader({ alg: "EdDSA", kid: "k", ...brought })), {
      alg: "EdDSA",
      kid: "k"
    })
  })

  it.for([undefined, null, 256, ["HS256"], { toString: null }, true])(
    "refuses the algorithm %o",
    (alg) => assert.strictEqual(parseHeader(withHeader({ alg })), "algorithm_not_allowed")
  )

  it.for([null, 1, ["k"], {}, false])("refuses the key id %j", (kid) =>
    assert.strictEqual(parseHeader(withHeader({ alg: "EdDSA", kid })), "header_not_allowed")
  )

  it.for(["null", "7", '"HS256"', "[]", '[{"alg":"HS256"}]', "{", "", "\ufeff{}", "{}x", "\0"])(
    "refuses the header %j, which is no JSON object",
    (header) => assert.strictEqual(parseHeader(withHeader(header)), "malformed_token")
  )

  it("refuses a header that is nested as deep as a line is long", () => {
    const header = "[".repeat(4000) + "]".repeat(4000)
    assert.strictEqual(parseHeader(withHeader(header)), "malformed_token")
  })

  it("does not take members from a header's prototype", () => {
    const header = '{"__proto__":{"alg":"HS256","kid":"k"}}'
    assert.strictEqual(parseHeader(withHeader(header)), "algorithm_not_allowed")
  })

  it.each([
    ["a space before", ` ${good}`],
    ["a line break after", `${good}\n`],
    ["padding", `${good}=`],
    ["padding in a part", good.replace(".", "=.")],
    ["the standard alphabet", `${good.slice(0, -4)}a+/a`],
    ["a percent sign", `${good.slice(0, -4)}%2Fa`],
    ["a letter beyond ASCII", `${good.slice(0, -1)}é`],
    ["no signature", good.replace(/[^.]*$/, "")],
    ["no payload", good.replace(/\..*\./, "..")],
    ["no header", good.replace(/^[^.]*/, "")],
    ["nothing but dots", ".."],
    ["a part that no bytes encode to", `${good}x`]
  ])("refuses %s", (_, token) => {
    assert.strictEqual(parseHeader(token), "malformed_token")
  })

  it("refuses every second spelling of the same bytes", () => {
    // "QQ" is the one spelling of "A"; the others differ in bits that decoding drops.
    const spelled = (part: string) => good.replace(/[^.]*$/, part)
    assert.isObject(parseHeader(spelled("QQ")))
    assert.isObject(parseHeader(spelled("QUE")))
    for (const part of ["QR", "QS", "Qf", "Q_", "QUF", "QUG", "QUH"]) {
      assert.strictEqual(parseHeader(spelled(part)), "malformed_token", part)
    }
  })
})
