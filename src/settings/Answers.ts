import { readFileSync } from "node:fs"
import { Redacted } from "effect"
import {
  integer,
  itemsOf,
  onOff,
  type Setting,
  setting,
  text,
  type Values,
  webUrl
} from "./Setting.ts"

const openAi = "https://api.openai.com/v1"

/** The model's server; `path` is added to it, so it ends without a slash. */
const modelUrl = setting(
  "MODEL_URL",
  (text) => (/[?#]/.test(text) ? undefined : webUrl(text)?.href.replace(/\/+$/, "")),
  {
    fallback: () => openAi,
    advice:
      "set the base URL of the model's API, as http://127.0.0.1:11434/v1, or leave it out for OpenAI's"
  }
)

const isOpenAi = (url: string | undefined) =>
  url === undefined || URL.parse(url)?.hostname === "api.openai.com"

/** The two wires that models speak: OpenAI's Responses API, and chat completions everywhere else. */
const modelApi: Setting<"responses" | "chat"> = {
  name: "MODEL_API",
  read: (text, { env, problem }) => {
    const word = text?.toLowerCase()
    if (word === "responses" || word === "chat") return word
    if (word !== undefined) problem("set one of responses, chat, or leave it out")
    return isOpenAi(env["MODEL_URL"]) ? "responses" : "chat"
  }
}

/** OpenAI's own variable is read too, where the model is OpenAI's. */
const modelApiKey: Setting<Redacted.Redacted | undefined> = {
  name: "MODEL_API_KEY",
  read: (text, { env, problem }) => {
    const key = text ?? (isOpenAi(env["MODEL_URL"]) ? env["OPENAI_API_KEY"] : undefined)
    if (key !== undefined) return Redacted.make(key)
    return env["MODEL"] !== undefined && isOpenAi(env["MODEL_URL"])
      ? problem(
          "set it, or OPENAI_API_KEY, to a key of OpenAI's, or set MODEL_URL to another server"
        )
      : undefined
  }
}

/** A text, or the path of a file with one: a path begins with `/`, `./` or `../`. */
const modelInstructions = setting(
  "MODEL_INSTRUCTIONS",
  (text) => {
    if (!/^\.{0,2}\/\S+$/.test(text)) return text
    try {
      return readFileSync(text, "utf8").trim() || undefined
    } catch {
      return undefined
    }
  },
  {
    fallback: () => undefined,
    advice: "set the instructions themselves, or the path of a file with them that can be read"
  }
)

const names = (name: string, advice: string) =>
  setting(name, itemsOf, { fallback: (): ReadonlyArray<string> => [], advice })

/** Tools that run at OpenAI; they exist on the Responses API only. */
const hostedTools = ["web_search", "image_generation", "code_interpreter"] as const
export type HostedTool = (typeof hostedTools)[number]

const modelTools: Setting<ReadonlyArray<HostedTool>> = {
  name: "MODEL_TOOLS",
  read: (text, reading) => {
    const { env, problem } = reading
    const tools = itemsOf(text?.toLowerCase() ?? "")
    const known = hostedTools.filter((tool) => tools.includes(tool))
    if (known.length < tools.length) problem(`list some of ${hostedTools.join(", ")}`)
    // A wrong MODEL_API is a problem of its own.
    const api = modelApi.read(env["MODEL_API"], { ...reading, problem: () => undefined })
    if (known.length > 0 && api === "chat") {
      problem("chat completions have no such tools: set MODEL_API=responses, or leave it out")
    }
    return known
  }
}

const seconds = (name: string, fallback: number, max: number) =>
  integer(name, fallback, { min: 1, max })

const ways = ["MODEL", "RESPONDER", "UPSTREAM_URL", "PLAYGROUND"]

/** Whether somebody insists on the playground, which echoes. */
const playground: Setting<boolean> = {
  name: "PLAYGROUND",
  read: (text, { env, problem }) => {
    const isOn = onOff[text?.toLowerCase() ?? "off"]
    if (isOn === undefined) problem("set one of on, off, or leave it out")
    const chosen = ways.filter((way) => (way === "PLAYGROUND" ? isOn : env[way] !== undefined))
    const [first, second] = chosen
    // A responder of one's own may ask the model.
    if (chosen.length > 1 && chosen.join() !== "MODEL,RESPONDER") {
      problem(`only one of ${first} and ${second} can answer: leave one of them out`)
    }
    return isOn === true
  }
}

/** Where the answers come from. */
export const answers = {
  model: text("MODEL", undefined),
  modelUrl,
  modelApi,
  modelApiKey,
  openAiApiKey: { name: "OPENAI_API_KEY", read: () => undefined } as Setting<undefined>,
  modelInstructions,
  /** The models that `inference_options.model` may choose, beside `MODEL`. */
  models: names("MODELS", "list names of models, comma-separated"),
  /** Asked when `MODEL` fails before its first word. */
  fallbackModel: text("FALLBACK_MODEL", undefined),
  titleModel: text("TITLE_MODEL", undefined),
  transcriptionModel: text("TRANSCRIPTION_MODEL", undefined),
  modelTools,
  /** Servers of the Model Context Protocol, whose tools the model may use. */
  mcpServers: setting(
    "MCP_SERVERS",
    (text) => {
      const urls = itemsOf(text).map(webUrl)
      return urls.every((url) => url !== undefined) ? urls.map(({ href }) => href) : undefined
    },
    {
      fallback: (): ReadonlyArray<string> => [],
      advice: "list URLs, comma-separated, as https://mcp.example.com/mcp"
    }
  ),
  /** Items of the thread that the model is shown. */
  modelHistory: integer("MODEL_HISTORY", 50, { min: 1, max: 1000 }),
  /** Times that the model is asked for one answer, one more for each round of tools. */
  modelRounds: integer("MODEL_ROUNDS", 10, { min: 1, max: 100 }),
  /** Tokens that one answer may use, those it reads included. */
  modelTurnTokens: integer("MODEL_TURN_TOKENS", 200_000, { min: 1000, max: 100_000_000 }),
  /** Tokens that one user may use in a day, in UTC. */
  dailyTokens: integer("DAILY_TOKENS_PER_USER", 0, { min: 0, max: 1_000_000_000 }),
  modelFirstEventSeconds: seconds("MODEL_FIRST_EVENT_TIMEOUT", 60, 600),
  modelIdleSeconds: seconds("MODEL_IDLE_TIMEOUT", 60, 600),
  modelTurnSeconds: seconds("MODEL_TURN_TIMEOUT", 600, 3600),
  responder: text("RESPONDER", undefined),
  upstreamUrl: setting("UPSTREAM_URL", webUrl, {
    fallback: () => undefined,
    advice: "set the URL of your ChatKit server, as http://127.0.0.1:8001/support/chatkit"
  }),
  /** Signs the assertion that tells the upstream server for whom it answers. */
  upstreamSecret: {
    name: "UPSTREAM_SECRET",
    read: (text, { env, problem, production }) => {
      if (text !== undefined && new TextEncoder().encode(text).length >= 32) {
        return Redacted.make(text)
      }
      const isNeeded = env["UPSTREAM_URL"] !== undefined && production
      return text !== undefined || isNeeded
        ? problem(
            "set at least 32 bytes, made with `openssl rand -base64 32`, and give them to the upstream server"
          )
        : undefined
    }
  } satisfies Setting<Redacted.Redacted | undefined>,
  playground
}

/** One line that says where the answers come from; undefined where nobody would answer. */
export const answeredBy = (
  settings: Values<typeof answers> & { readonly production: boolean }
): string | undefined => {
  const { model, modelApi, modelUrl, playground, production, responder, upstreamUrl } = settings
  if (upstreamUrl !== undefined) {
    return `the ChatKit server at ${upstreamUrl.origin}${upstreamUrl.pathname}`
  }
  if (responder !== undefined) {
    return model === undefined ? responder : `${responder}, which may ask the model ${model}`
  }
  if (model !== undefined) return `the model ${model} at ${modelUrl} (${modelApi})`
  return playground || !production
    ? "the playground, which echoes: set MODEL, RESPONDER or UPSTREAM_URL for real ones"
    : undefined
}
