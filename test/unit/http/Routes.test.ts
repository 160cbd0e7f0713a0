import { assert, describe, it } from "@effect/vitest"
import { routesOf } from "../../../src/http/Routes.ts"

const { answersWhileDraining, unrouted } = routesOf(["/openapi.json", "/"])

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
  ])("allow on %s what is served there, however it is written", (path, allow) => {
    assert.strictEqual(unrouted(path).status, 405)
    const spellings = [path, `${path}?x=/y`, path.toUpperCase(), `/${path}`, `${path}/`]
    for (const url of spellings) assert.strictEqual(allowOf(url), allow, url)
  })

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
    for (const url of ["/support/health", "/healthz?x=1", "/readyz/"]) {
      assert.isTrue(answersWhileDraining(url), url)
    }
    for (const url of ["/", "/support/chatkit", "/support/healthy", "/docs", "/x/healthz"]) {
      assert.isFalse(answersWhileDraining(url), url)
    }
  })
})
