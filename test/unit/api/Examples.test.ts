import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { Api } from "../../../src/api/Api.ts"
import { Authentication } from "../../../src/api/Authentication.ts"
import { ThreadStreamEvent } from "../../../src/protocol/Events.ts"
import { ChatKitRequest, operationTypes } from "../../../src/protocol/Requests.ts"

type Content = Record<string, { readonly examples: Record<string, { readonly value: unknown }> }>

interface Operation {
  readonly summary: string
  readonly description: string
  readonly security: ReadonlyArray<unknown>
  readonly requestBody?: { readonly content: Content }
  readonly responses: Record<string, { readonly description: string; readonly content: Content }>
}

const spec = OpenApi.fromApi(Api)
const document = JSON.parse(JSON.stringify(spec))

const endpoints: Array<{
  readonly name: string
  readonly operation: Operation
  /** The schemas of the JSON bodies; streams are not among them. */
  readonly documents: ReadonlyArray<Schema.Top>
  readonly secured: boolean
}> = []
HttpApi.reflect(Api, {
  onGroup: () => undefined,
  onEndpoint: ({ endpoint, middleware, successes }) => {
    const path = endpoint.path.replace(/:(\w+)/g, "{$1}")
    endpoints.push({
      name: `${endpoint.method} ${endpoint.path}`,
      operation: document.paths[path][endpoint.method.toLowerCase()],
      documents: successes.get(200) ?? [],
      secured: [...middleware].some(({ key }) => key === Authentication.key)
    })
  }
})

const valuesOf = (content: Content, type: string): ReadonlyArray<unknown> => {
  const values = Object.values(content[type]?.examples ?? {}).map(({ value }) => value)
  assert.isAtLeast(values.length, 1, type)
  return values
}

/** Fails where a value does not decode, with nothing in it that its schema does not know. */
const assertDecode = (schema: Schema.Codec<unknown>, values: ReadonlyArray<unknown>) => {
  const decode = Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })
  for (const value of values) decode(value)
}

describe("the docs", () => {
  it.each(endpoints)("describe $name, its security included", ({ operation, secured }) => {
    assert.match(operation.summary, /^[A-Z].{8,}[^.]$/)
    assert.isAtLeast(operation.description.length, 20)
    assert.deepStrictEqual(operation.security, secured ? [{ bearer: [] }] : [])
    for (const { description } of Object.values(operation.responses)) {
      // The platform's own are single words, and the names of schemas.
      assert.include(description.replace(/ \| /g, ""), " ")
    }
  })

  it.each(endpoints)("have examples that fit $name", ({ documents, operation }) => {
    const { content } = operation.responses["200"]!
    for (const type of Object.keys(content)) {
      const values = valuesOf(content, type)
      if (type === "application/json")
        assertDecode(Schema.Union(documents) as unknown as Schema.Codec<unknown>, values)
      else for (const value of values) assert.isString(value)
    }
    for (const type of Object.keys(operation.requestBody?.content ?? {})) {
      const values = valuesOf(operation.requestBody!.content, type)
      if (type === "application/json") assertDecode(ChatKitRequest, values)
      else if (type === "multipart/form-data") {
        for (const value of values) assert.deepStrictEqual(Object.keys(value as object), ["file"])
      } else for (const value of values) assert.isString(value)
    }
  })

  it("show a request of every operation, and the short form before them", () => {
    const { requestBody } = document.paths["/support/chatkit"].post as Operation
    const values = valuesOf(requestBody!.content, "application/json")
    assert.deepStrictEqual(values[0], { message: "Hello" })
    const types = values.slice(1).map((value) => (value as { readonly type: string }).type)
    assert.deepStrictEqual(types.toSorted(), [...operationTypes].sort())
    assert.deepStrictEqual(Object.keys(requestBody!.content["application/json"]!.examples), [
      "message",
      ...types
    ])
  })

  it("show a stream whose events are events of the protocol", () => {
    const { responses } = document.paths["/support/chatkit"].post as Operation
    const [stream] = valuesOf(responses["200"]!.content, "text/event-stream")
    const frames = String(stream).split("\n\n")
    assert.strictEqual(frames.pop(), "")
    assert.isAtLeast(frames.length, 5)
    assertDecode(
      ThreadStreamEvent as Schema.Codec<unknown>,
      frames.map((frame) => JSON.parse(frame.replace(/^data: /, "")))
    )
  })

  it("name every operation and every event, each with a description", () => {
    const { schemas } = document.components
    const membersOf = (name: string): ReadonlyArray<string> =>
      schemas[name].anyOf.map(({ $ref }: { readonly $ref: string }) => $ref.split("/").at(-1))
    const requests = membersOf("ChatKitRequest")
    assert.deepStrictEqual(requests, [...operationTypes, "Shorthand"])
    const events = membersOf("ThreadStreamEvent")
    assert.strictEqual(events.length, 9)
    for (const name of [...requests, ...events]) {
      assert.isAtLeast(schemas[name].title.length, 4, name)
      assert.isAtLeast(schemas[name].description.length, 15, name)
    }
    for (const type of operationTypes) assert.strictEqual(schemas[type].title, type)
  })

  it("show `Authorization: Bearer`, and how to get a token", () => {
    const { bearer } = document.components.securitySchemes
    // In another case Scalar shows it as `Authorization: Basic`.
    assert.deepStrictEqual(
      [bearer.type, bearer.scheme, bearer.bearerFormat],
      ["http", "bearer", "JWT"]
    )
    assert.include(bearer.description, "npm run -s token -- ada")
    assert.include(document.info.description, "npm run -s token -- ada")
  })
})
