import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { ResponseEvent, type ResponseEventInput } from "../../../src/protocol/Events.ts"
import {
  CustomStreamError,
  decoderOf,
  errorEventOf,
  StreamError
} from "../../../src/responder/StreamErrors.ts"

describe("errorEventOf", () => {
  it("shows the message of a CustomStreamError", () => {
    assert.deepStrictEqual(
      errorEventOf(new CustomStreamError({ message: "Sorry", allow_retry: false })),
      { type: "error", code: "custom", message: "Sorry", allow_retry: false }
    )
  })

  it("keeps the code of a StreamError", () => {
    assert.deepStrictEqual(
      errorEventOf(new StreamError({ code: "stream.error", allow_retry: false })),
      { type: "error", code: "stream.error", allow_retry: false }
    )
  })

  it("tells nothing of any other failure", () => {
    for (const failure of [new Error("hunter2"), "hunter2", undefined]) {
      assert.deepStrictEqual(errorEventOf(failure), {
        type: "error",
        code: "stream.error",
        allow_retry: true
      })
    }
  })
})

describe("decoderOf", () => {
  const decode = decoderOf(ResponseEvent)

  it("fills in the defaults", () => {
    assert.deepStrictEqual(
      decode({ type: "client_effect", name: "flash" }),
      Result.succeed({ type: "client_effect", name: "flash", data: {} } as const)
    )
  })

  it("names the field that violates the protocol, and never its value", () => {
    const event = { type: "notice", level: "hunter2", message: "" } as unknown as ResponseEventInput
    const result = decode(event)
    assert(Result.isFailure(result))
    assert.strictEqual(
      result.failure.message,
      'notice: level must be one of "info", "warning", "danger"'
    )
  })
})
