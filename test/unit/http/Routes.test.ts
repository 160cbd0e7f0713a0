import { assert, describe, it } from "@effect/vitest"
import { routesOf } from "../../../src/http/Routes.ts"

const { answersWhileDraining, isKnown, unrouted } = routesOf(["/openapi.json", "/"])

/** The `Allow` header of a path; undefined where the answer is 404. */
const allowOf = (url: string) => unrouted(url).headers["allow"]

const get = "GET, HEAD, OPTIONS"

describe("the routes of the contract", () => {
  it.each([
    ["/support/chatkit", "POST, OPTIONS"],
    ["/support/attachments", "POST, OPTIONS"],
    ["/support/attachments/atc_1/upload", "POST, PUT, OPTIONS"],
    ["/support/attachments/atc_1/content", get],
    ["/support/health", get],
    ["/healthz", get],
    ["/readyz", get],
    ["/openapi.json", get],
    ["/", get]
  ])("allow on %s what is served there", (path, allow) => {
    assert.strictEqual(unrouted(path).status, 405)
    for (const url of [path, `${path}?x=/y`]) {
      assert.strictEqual(allowOf(url), allow, url)
      assert.isTrue(isKnown(url), url)
    }
  })

  it.each(["/support/chatkit", "/support/attachments/atc_1/upload", "/healthz"])(
    "C7: have %s in no other spelling",
    (path) => {
      const encoded = path.replace("t", "%74")
      const others = [path.toUpperCase(), `/${path}`, `${path}/`, `${path};x=1`, encoded]
      for (const url of others) {
        assert.isFalse(isKnown(url), url)
        assert.strictEqual(unrouted(url).status, 404, url)
      }
    }
  )

  it.each([
    "/support",
    "/support/chatkit/x",
    "/xsupport/chatkit",
    "/support/attachments/upload",
    "/support/attachments/a/b/upload",
    "/openapi-json",
    "/docs",
    ""
  ])("do not have %s", (path) => {
    assert.deepStrictEqual([unrouted(path).status, allowOf(path)], [404, undefined])
  })

  it("answer while the server stops only where the contract says so", () => {
    for (const url of ["/support/health", "/healthz?x=1", "/readyz"]) {
      assert.isTrue(answersWhileDraining(url), url)
    }
    for (const url of [
      "/",
      "/support/chatkit",
      "/support/healthy",
      "/docs",
      "/x/healthz",
      "/readyz/"
    ]) {
      assert.isFalse(answersWhileDraining(url), url)
    }
  })
})
