import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { forAnyone, forUser } from "../../../src/api/ErrorSchemas.ts"
import { errorTable } from "../../../src/api/ErrorTable.ts"
import { ChatKit } from "../../../src/chatkit/ChatKit.ts"
import { Conflict, DbUnavailable, NotFound } from "../../../src/core/Errors.ts"
import { TooManyStreams } from "../../../src/turns/Errors.ts"
import { IdentitiesDown } from "../../support/Doubles.ts"
import { ask, request } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

describe("the table of errors", () => {
  it("has a sentence of its own for every row, but for outages", () => {
    const sentences = Object.values(errorTable).flatMap(({ sentence }): ReadonlyArray<string> =>
      typeof sentence === "string" ? [sentence] : []
    )
    const outages = sentences.filter((sentence) => sentence === "Service temporarily unavailable")
    assert.strictEqual(outages.length, 3)
    assert.strictEqual(new Set(sentences).size, sentences.length - 2)
    for (const { status, when } of Object.values(errorTable)) {
      assert.isTrue(status >= 400 && status < 600)
      assert.isAtLeast(when.length, 10)
    }
  })

  it("E9: names no setting of the server to the person", () => {
    for (const { sentence } of Object.values(errorTable)) {
      assert.notMatch(String(sentence), /[A-Z]{2,}_[A-Z]/)
    }
  })

  it("is the contract's: the status, the sentence, and `message` for users alone", () => {
    const bodyOf = (schema: Schema.Codec<never, unknown>, failure: unknown) => {
      const encoded = Schema.encodeUnknownSync(schema)(failure) as object
      return "body" in encoded ? encoded : { body: encoded, headers: {} }
    }
    for (const [name, failure, headers] of [
      ["NotFound", new NotFound({ object: "Item" }), {}],
      ["Conflict", new Conflict({ reason: "Item not found" }), {}],
      ["Unavailable", new DbUnavailable({ operation: "secret" }), { "retry-after": "2" }],
      ["TooMany", new TooManyStreams(), { "retry-after": "2" }]
    ] as const) {
      const row = errorTable[name === "Unavailable" ? "DbUnavailable" : failure._tag]
      const error = typeof row.sentence === "string" ? row.sentence : "Item not found"
      const body = { error, status: row.status }
      assert.deepStrictEqual(bodyOf(forAnyone[name] as never, failure), { body, headers })
      const forUsers = { body: { ...body, message: error }, headers }
      assert.deepStrictEqual(bodyOf(forUser[name] as never, failure), forUsers)
    }
  })

  const askAda = (doubles: Parameters<typeof ServerOnDoubles.layer>[0]) =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const { body, headers, status } = yield* ask(url, yield* tokenFor("ada"))
      return [status, body, headers["retry-after"]]
    }).pipe(Effect.provide(ServerOnDoubles.layer(doubles)))

  it.live("says 500 and 503 with `message` to a user, and without it to anyone else", () =>
    Effect.gen(function* () {
      const failing = Layer.succeed(ChatKit, {
        process: () => new DbUnavailable({ operation: "test" })
      })
      const broken = Layer.succeed(ChatKit, { process: () => Effect.die("broken") })
      const unavailable = "Service temporarily unavailable"
      assert.deepStrictEqual(yield* askAda({ chatKit: failing }), [
        503,
        `{"error":"${unavailable}","status":503,"message":"${unavailable}"}`,
        "2"
      ])
      assert.deepStrictEqual(yield* askAda({ identities: IdentitiesDown }), [
        503,
        `{"error":"${unavailable}","status":503}`,
        "2"
      ])
      assert.deepStrictEqual(yield* askAda({ chatKit: broken }), [
        500,
        `{"error":"Internal server error","status":500,"message":"Internal server error"}`,
        undefined
      ])
    })
  )

  it.live("never says `message` to who comes by a link, or to no route", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const headers = { authorization: `Bearer ${yield* tokenFor("ada")}` }
      const paths = ["/support/attachments/x/content", "/nowhere"]
      for (const path of paths) {
        const { body } = yield* request(url, { method: "GET", path, headers })
        assert.deepStrictEqual(Object.keys(JSON.parse(body)), ["error", "status"])
      }
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )
})
