import { Config, Context, Effect, Layer, Option, Schema } from "effect"
import { answers } from "./Answers.ts"
import { betterAuth } from "./BetterAuth.ts"
import { chatKit } from "./ChatKit.ts"
import { database } from "./Database.ts"
import { logging } from "./Logging.ts"
import { isProduction, server } from "./Server.ts"
import type { Environment, Reading, Setting, Values } from "./Setting.ts"

/** Every variable that the server reads; `.env.example` explains each one. */
const all = { ...server, ...database, ...betterAuth, ...chatKit, ...answers, ...logging }

export const names: ReadonlyArray<string> = Object.values(all).map(({ name }) => name)

/** Texts that may well begin and end with a quote. */
const quotable: ReadonlySet<string> = new Set([
  "MODEL_INSTRUCTIONS",
  "BETTER_AUTH_SECRET",
  "UPSTREAM_SECRET"
])

/** The settings of one server, all of them valid. */
export interface SettingsShape extends Values<typeof all> {
  /** Valid but unwise settings, to be logged once at start. */
  readonly warnings: ReadonlyArray<string>
}

/** The settings are incomplete or wrong; the message lists every problem with what to set. */
export class BadSettings extends Schema.TaggedError<BadSettings>()("BadSettings", {
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return ["Some settings have to be put right first:", ...this.problems]
      .join("\n  - ")
      .concat("\n.env.example explains each one.")
  }
}

export class Settings extends Context.Service<Settings, SettingsShape>()(
  "effect-chatkit/settings/Settings"
) {
  static readonly layer = Layer.effect(
    Settings,
    Effect.gen(function* () {
      const env: Record<string, string> = {}
      for (const name of names) {
        const text = Option.map(yield* Config.option(Config.String(name)), (text) => text.trim())
        if (Option.isSome(text) && text.value !== "") env[name] = text.value
      }
      const parsed = parse(env)
      return "problems" in parsed ? yield* new BadSettings(parsed) : parsed
    })
  )
}

/** Reports all problems together, so that nobody has to start the server once for each. */
export const parse = (
  env: Environment
): SettingsShape | { readonly problems: ReadonlyArray<string> } => {
  const problems: Array<string> = []
  const warnings: Array<string> = []
  const production = isProduction(env["NODE_ENV"])
  // What reads a file of variables may keep the quotes, as `docker run --env-file` does.
  const isQuoted = (name: string) => !quotable.has(name) && /^(["'`]).*\1$/s.test(env[name] ?? "")
  for (const name of Object.keys(env).filter(isQuoted)) {
    problems.push(
      `${name}: it has quotes around it, which are taken for a part of it; leave them out`
    )
  }
  const values = readAll(all, env, (name) => ({
    env,
    production,
    problem: (advice) => {
      if (!isQuoted(name)) problems.push(`${name}: ${advice}`)
      return undefined
    },
    warning: (advice) => void warnings.push(`${name}: ${advice}`)
  }))
  return problems.length > 0 ? { problems } : { ...values, warnings }
}

const readAll = <Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings,
  env: Environment,
  readingOf: (name: string) => Reading
) =>
  // TypeScript does not follow the type of each field through a loop over all of them.
  Object.fromEntries(
    Object.entries(settings).map(([key, { name, read }]) => [key, read(env[name], readingOf(name))])
  ) as Values<Settings>
