import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Schema } from "effect"
import { ChatKit } from "../../../../src/chatkit/ChatKit.ts"
import { ChatKitRequest, operationTypes } from "../../../../src/protocol/Requests.ts"
import { type Answer, ask, request } from "../../../support/Client.ts"
import { partsOf, sendRaw } from "../../../support/http/RawConnection.ts"
import { ServerOnDoubles, tokenFor } from "../../../support/http/ServerOnDoubles.ts"

const said = (error: string, status: number) => JSON.stringify({ error, status })
const saidToChatKit = (error: string, status: number) =>
  JSON.stringify({ error, status, message: error })

const assertAnswer = (answer: Answer, status: number, body: string) => {
  assert.deepStrictEqual([answer.status, answer.body], [status, body])
  assert.strictEqual(answer.headers["content-type"], "application/json")
}

const deep = JSON.parse("[".repeat(1_001) + "]".repeat(1_001)) as unknown

const input = (content: unknown, more = {}) => ({
  type: "threads.create",
  params: { input: { content, attachments: [], inference_options: {}, ...more } }
})

layer(ServerOnDoubles.layer(), { excludeTestServices: true })("bodies", (it) => {
  it.effect("refuses a body that is not JSON", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      for (const body of [`{"type": `, "hunter2", "{'a': 1}", `{"a": NaN}`, "\u0000"]) {
        assertAnswer(
          yield* ask(url, token, body),
          400,
          saidToChatKit("Invalid request body: it is not JSON", 400)
        )
      }
    })
  )

  it.effect("D2: says what the size of a file must be", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      for (const [size, problem] of [
        [-1, "must be a number of bytes, 0 or more"],
        ["-1", "must be a number of bytes, 0 or more"],
        [1.5, "must be an integer"],
        ["1.5", "must be an integer"],
        ["hunter2", "must be an integer"],
        [2 ** 53, "must be an integer"]
      ] as const) {
        const params = { name: "a.txt", size, mime_type: "text/plain" }
        const answer = yield* ask(url, token, { type: "attachments.create", params })
        assertAnswer(answer, 400, saidToChatKit(`Invalid request: params.size ${problem}`, 400))
      }
    })
  )

  it.effect(
    "E9: names the field that is wrong, says what is right, and never quotes the value",
    () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const token = yield* tokenFor("ada")
        const cases: ReadonlyArray<[unknown, string]> = [
          [{ type: "threads.hunter2" }, `type must be one of ${operationTypes.join(", ")}`],
          [{ type: 5, params: {} }, `type must be one of ${operationTypes.join(", ")}`],
          [{}, `type must be one of ${operationTypes.join(", ")}`],
          [{ type: "threads.list" }, "params is missing"],
          [{ type: "threads.list", params: "hunter2" }, "params must be an object"],
          [
            { type: "threads.list", params: { limit: "hunter2" } },
            "params.limit must be an integer"
          ],
          [
            { type: "threads.list", params: { order: "hunter2" } },
            'params.order must be one of "asc", "desc"'
          ],
          [{ type: "threads.get_by_id", params: {} }, "params.thread_id is missing"],
          [
            { type: "threads.get_by_id", params: { thread_id: 7 } },
            "params.thread_id must be a string"
          ],
          [
            { type: "threads.add_user_message", params: { thread_id: "x" } },
            "params.input is missing"
          ],
          [input("hunter2"), "params.input.content must be a list"],
          [input([{ type: "input_text" }]), "params.input.content[0].text is missing"],
          [
            input([
              { type: "input_text", text: "hi" },
              { type: "input_text", text: 5 }
            ]),
            "params.input.content[1].text must be a string"
          ],
          [
            input([{ type: "hunter2" }]),
            'params.input.content[0] must be an object whose type is one of "input_text", "input_tag"'
          ],
          [
            input([{ type: "input_tag", id: "1", text: "hunter2", data: [] }]),
            "params.input.content[0].data must be an object"
          ],
          [input([], { quoted_text: 5 }), "params.input.quoted_text must be a string or null"],
          [
            { type: "threads.add_client_tool_output", params: { thread_id: "x", result: deep } },
            "params.result is nested more than 1,000 levels deep"
          ],
          [{ type: "threads.list", params: {}, metadata: "hunter2" }, "metadata must be an object"],
          [input([], { attachments: [5] }), "params.input.attachments[0] must be a string"],
          [{ message: 5 }, "message must be a string"],
          [{ message: "hi", thread_id: 5 }, "thread_id must be a string"]
        ]
        for (const [body, problem] of cases) {
          const answer = yield* ask(url, token, body)
          assertAnswer(answer, 400, saidToChatKit(`Invalid request: ${problem}`, 400))
          assert.notInclude(answer.body, "hunter2")
        }
      })
  )

  it.effect("E9: says in a few words that something else is not a JSON object", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      for (const body of ["[]", `[{"type":"threads.list","params":{}}]`, "null", "5", `"a"`, ""]) {
        const answer = yield* ask(url, token, body)
        assertAnswer(
          answer,
          400,
          saidToChatKit("Invalid request body: it is not a JSON object", 400)
        )
      }
    })
  )

  it.effect("F11: refuses another content type, but takes one with parameters", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const authorization = `Bearer ${yield* tokenFor("ada")}`
      const body = { type: "threads.list", params: {} }
      const withType = (type: string) =>
        request(url, { headers: { authorization, "content-type": type }, body })
      const error = "Unsupported content type: send application/json"
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/xml",
        // F11: only the type itself is JSON, not every name with json in it.
        "text/json",
        "application/jsonp",
        "application/x-json",
        "application/problem+json",
        "text/plain; charset=application/json"
      ]) {
        assertAnswer(yield* withType(type), 415, saidToChatKit(error, 415))
      }
      for (const type of ["application/json; charset=utf-8", "Application/JSON ;x=1"]) {
        assert.strictEqual((yield* withType(type)).status, 200)
      }
    })
  )

  it.effect("tells a person without a token about a route, but not in ChatKit's words", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const error = "No such route: ChatKit is served at POST /support/chatkit"
      for (const [method, path] of [
        ["GET", "/"],
        ["POST", "/support"],
        ["POST", "/support/chatkit/threads"],
        ["GET", "/../etc/passwd"],
        ["DELETE", "/%00"]
      ] as const) {
        const answer = yield* request(url, { method, path })
        assertAnswer(answer, 404, said(error, 404))
        assert.isUndefined(answer.headers["allow"])
      }
    })
  )

  it.effect("names the methods of every route to whoever uses another", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const error = "Method not allowed on this route: see the Allow header"
      const get = "GET, HEAD, OPTIONS"
      const routes = [
        ["/support/chatkit", "POST, OPTIONS", ["GET", "PUT", "DELETE", "PATCH"]],
        ["/support/chatkit?x=1", "POST, OPTIONS", ["GET"]],
        ["/support/health", get, ["POST", "PUT", "DELETE", "PATCH"]],
        ["/healthz", get, ["POST", "DELETE"]],
        ["/readyz", get, ["POST", "DELETE"]],
        ["/openapi.json", get, ["POST", "DELETE"]]
      ] as const
      for (const [path, allow, methods] of routes) {
        for (const method of methods) {
          const answer = yield* request(url, { method, path })
          assertAnswer(answer, 405, said(error, 405))
          assert.strictEqual(answer.headers["allow"], allow, `${method} ${path}`)
        }
      }
      const head = yield* request(url, { method: "HEAD" })
      assert.deepStrictEqual(
        [head.status, head.headers["allow"], head.body],
        [405, "POST, OPTIONS", ""]
      )
    })
  )

  it.effect("says in the same words what Node refuses before a request exists", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const tooLarge = "Request headers too large: send fewer or shorter ones"
      const malformed = "Malformed request: send a JSON body over well-formed HTTP"
      const cases = [
        ["\u0016\u0003\u0001 not HTTP at all\r\n\r\n", 400, malformed],
        ["GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", 400, malformed],
        ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400, malformed],
        [`GET / HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(70 * 1024)}\r\n\r\n`, 431, tooLarge]
      ] as const
      for (const [bytes, status, error] of cases) {
        const answer = partsOf(yield* sendRaw(url, bytes))
        assert.deepStrictEqual([answer.status, answer.body], [status, said(error, status)])
        assert.strictEqual(answer.headers["connection"], "close")
        assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
        assert.match(answer.headers["x-request-id"] ?? "", /^[0-9a-f-]{36}$/)
      }
    })
  )

  it.effect.prop(
    "never answers a good token with 500, whatever the body",
    [bodies()],
    ([body]) =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const answer = yield* ask(url, yield* tokenFor("grace"), body)
        assert.include([200, 400, 404, 409, 413, 415, 429], answer.status, body)
        if (answer.status !== 200) {
          const { error, message, status } = JSON.parse(answer.body)
          assert.deepStrictEqual([message, status], [error, answer.status])
        }
      }),
    { arbitrary: { runs: 200 } }
  )
})

describe("a defect", () => {
  const broken = Layer.succeed(ChatKit, { process: () => Effect.die(new Error("hunter2")) })

  it.live("is 500 in fixed words, and is found in the log by its request id", () =>
    Effect.gen(function* () {
      const { logs, url } = yield* ServerOnDoubles
      const answer = yield* request(url, {
        headers: {
          authorization: `Bearer ${yield* tokenFor("ada")}`,
          "x-request-id": "look-for-me-1"
        },
        body: { message: "Hello" }
      })
      assertAnswer(answer, 500, saidToChatKit("Internal server error", 500))
      assert.strictEqual(answer.headers["x-request-id"], "look-for-me-1")
      const line = logs.find((line) => line.includes("hunter2"))
      assert.isDefined(line)
      const { annotations, level } = JSON.parse(line)
      assert.deepStrictEqual([level, annotations["request.id"]], ["ERROR", "look-for-me-1"])
    }).pipe(Effect.provide(ServerOnDoubles.layer({ chatKit: broken })))
  )
})

/** Texts, JSON, requests as the schema has them, and requests with one member put out of shape. */
function bodies() {
  const json = Arbitrary.schema(Schema.Json).pipe(Arbitrary.map((value) => JSON.stringify(value)))
  const requests = Arbitrary.schema(Schema.toEncoded(ChatKitRequest))
  const spoiled = Arbitrary.all([requests, Arbitrary.schema(Schema.Json)]).pipe(
    Arbitrary.map(([request, value]) => {
      const entries = Object.entries(request)
      const at = JSON.stringify(value).length % entries.length
      return JSON.stringify(
        Object.fromEntries(entries.map(([name, was], i) => [name, i === at ? value : was]))
      )
    })
  )
  const good = requests.pipe(Arbitrary.map((request) => JSON.stringify(request)))
  const kinds = [Arbitrary.schema(Schema.String), json, good, spoiled] as const
  return Arbitrary.schema(Schema.Literals([0, 1, 2, 3])).pipe(
    Arbitrary.flatMap((kind) => kinds[kind])
  )
}
