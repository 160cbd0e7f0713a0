import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { assertProblem, production, settingsOf } from "../../support/ParsedSettings.ts"

const key = { OPENAI_API_KEY: "sk-test" }

describe("the settings of answers", () => {
  it("speak to OpenAI by its Responses API and with its own key", () => {
    const { modelApi, modelApiKey, modelUrl } = settingsOf({ MODEL: "gpt-5-mini", ...key })
    assert.strictEqual(modelUrl, "https://api.openai.com/v1")
    assert.strictEqual(modelApi, "responses")
    assert.strictEqual(Redacted.value(modelApiKey!), "sk-test")
    assertProblem({ MODEL: "gpt-5-mini" }, "MODEL_API_KEY", /OPENAI_API_KEY/)
  })

  it("speak chat completions to every other server, which never gets OpenAI's key", () => {
    const url = { MODEL: "llama3.2", MODEL_URL: "http://127.0.0.1:11434/v1/" }
    const { modelApi, modelApiKey, modelUrl } = settingsOf({ ...url, ...key })
    assert.strictEqual(modelUrl, "http://127.0.0.1:11434/v1")
    assert.strictEqual(modelApi, "chat")
    assert.isUndefined(modelApiKey)
    assert.strictEqual(settingsOf({ ...url, MODEL_API: "Responses" }).modelApi, "responses")
    assertProblem({ ...url, MODEL_API: "graphql" }, "MODEL_API")
  })

  it("take the instructions as they are, or from a file", () => {
    const instructions = (MODEL_INSTRUCTIONS: string) =>
      settingsOf({ MODEL_INSTRUCTIONS }).modelInstructions
    assert.strictEqual(instructions("Be kind / be brief"), "Be kind / be brief")
    assert.match(instructions("./LICENSE") ?? "", /MIT/)
    assertProblem({ MODEL_INSTRUCTIONS: "./nowhere.md" }, "MODEL_INSTRUCTIONS", /file/)
  })

  it("have hosted tools on the Responses API only", () => {
    const tools = { MODEL: "gpt-5-mini", MODEL_TOOLS: "Web_Search, image_generation", ...key }
    assert.deepStrictEqual(settingsOf(tools).modelTools, ["web_search", "image_generation"])
    assertProblem({ ...tools, MODEL_TOOLS: "teleport" }, "MODEL_TOOLS", /web_search/)
    assertProblem({ ...tools, MODEL_API: "chat" }, "MODEL_TOOLS", /MODEL_API=responses/)
  })

  it("name one source of answers, or a module that may ask the model", () => {
    const MODEL = "m"
    const MODEL_URL = "http://127.0.0.1:1/v1"
    const RESPONDER = "./answers.ts"
    const UPSTREAM_URL = "http://127.0.0.1:8001/support/chatkit"
    settingsOf({ MODEL, MODEL_URL, RESPONDER })
    for (const env of [
      { MODEL, MODEL_URL, UPSTREAM_URL },
      { RESPONDER, UPSTREAM_URL },
      { RESPONDER, PLAYGROUND: "on" },
      { MODEL, MODEL_URL, RESPONDER, UPSTREAM_URL }
    ]) {
      assertProblem(env, "PLAYGROUND", /only one of/)
    }
    assert.isTrue(settingsOf({ PLAYGROUND: "on" }).playground)
    assert.isFalse(settingsOf({ PLAYGROUND: "off", RESPONDER }).playground)
    assertProblem({ PLAYGROUND: "maybe" }, "PLAYGROUND", /on, off/)
  })

  it("sign for an upstream server in production, with 32 bytes or more", () => {
    const env = { UPSTREAM_URL: "http://127.0.0.1:8001/support/chatkit" }
    assert.isUndefined(settingsOf(env).upstreamSecret)
    assertProblem({ ...production, ...env }, "UPSTREAM_SECRET", /32 bytes/)
    assertProblem({ ...env, UPSTREAM_SECRET: "short" }, "UPSTREAM_SECRET", /32 bytes/)
    const UPSTREAM_SECRET = "s".repeat(32)
    const { upstreamSecret } = settingsOf({ ...production, ...env, UPSTREAM_SECRET })
    assert.strictEqual(Redacted.value(upstreamSecret!), UPSTREAM_SECRET)
  })
})
