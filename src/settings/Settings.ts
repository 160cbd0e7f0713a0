import { ByteSize, Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"

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

const names = [
  "NODE_ENV",
  "HOST",
  "PORT",
  "DATABASE_URL",
  "DATABASE_POOL_SIZE",
  "BETTER_AUTH_SECRET",
  "BETTER_AUTH_ISSUER",
  "BETTER_AUTH_AUDIENCE",
  "BETTER_AUTH_JWKS_URL",
  "BETTER_AUTH_SESSION_TOKENS",
  "BETTER_AUTH_SCHEMA",
  "CLOCK_TOLERANCE",
  "CORS_ORIGINS",
  "PUBLIC_URL",
  "BODY_LIMIT",
  "ATTACHMENT_LIMIT",
  "ATTACHMENT_TYPES",
  "STREAMS_PER_USER",
  "LOG_LEVEL",
  "LOG_FORMAT",
  "DOCS"
] as const
type Name = (typeof names)[number]
type Environment = { readonly [K in Name]?: string }

/** What the server reads from its environment; `.env.example` explains each one. */
export interface SettingsShape {
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Nothing means the embedded database, which exists in development only. */
  readonly databaseUrl: Redacted.Redacted | undefined
  readonly databasePoolSize: number
  readonly secret: Redacted.Redacted | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly jwksUrl: URL | undefined
  readonly sessionTokens: boolean
  readonly schema: string
  /** Seconds. */
  readonly clockTolerance: number
  readonly corsOrigins: ReadonlyArray<string>
  /** Where browsers reach this server, without a trailing slash; nothing means what requests say. */
  readonly publicUrl: string | undefined
  readonly bodyLimit: ByteSize.ByteSize
  readonly attachmentLimit: ByteSize.ByteSize
  /** Media types in lower case, without parameters. */
  readonly attachmentTypes: ReadonlyArray<string>
  readonly streamsPerUser: number
  readonly logLevel: "Trace" | "Debug" | "Info" | "Warn" | "Error"
  readonly logFormat: "pretty" | "json"
  readonly docs: boolean
  /** Worth saying once at start. */
  readonly warnings: ReadonlyArray<string>
}

export class Settings extends Context.Service<Settings, SettingsShape>()(
  "effect-chatkit/settings/Settings"
) {
  static readonly layer = Layer.effect(
    Settings,
    Effect.gen(function* () {
      const found: { [K in Name]?: string } = {}
      for (const name of names) {
        const text = yield* Config.option(Config.String(name))
        if (Option.isSome(text) && text.value.trim() !== "") found[name] = text.value.trim()
      }
      const read = parse(found)
      return "problems" in read ? yield* new BadSettings(read) : read
    })
  )
}

const levels = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  warning: "Warn",
  error: "Error"
} as const

const switches = { on: true, off: false, true: true, false: false, "1": true, "0": false }

/** What people attach, and what a server can check without understanding it. */
const usualTypes: ReadonlyArray<string> = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "application/pdf",
  "text/plain",
  "text/csv",
  "text/markdown",
  "application/json"
]

/** RFC 6838 §4.2, without `*`, which RFC 9110 would allow. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/

/** Whether this `NODE_ENV` means production, in whatever case it is written. */
export const isProduction = (nodeEnv: string | undefined): boolean =>
  nodeEnv?.trim().toLowerCase() === "production"

/** Every problem at once, so that nobody has to start the server ten times. */
export const parse = (
  env: Environment
): SettingsShape | { readonly problems: ReadonlyArray<string> } => {
  const problems: Array<string> = []
  const warnings: Array<string> = []

  const problem = (name: Name, advice: string): undefined => {
    problems.push(`${name}: ${advice}`)
    return undefined
  }
  const integer = (name: Name, fallback: number, min: number, max: number) => {
    const text = env[name]
    if (text === undefined) return fallback
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= min && number <= max) return number
    problem(name, `set a whole number from ${min} to ${max}, or leave it out for ${fallback}`)
    return fallback
  }
  const oneOf = <A>(
    name: Name,
    values: Readonly<Record<string, A>>,
    fallback: A,
    shown = Object.keys(values).join(", ")
  ): A => {
    const text = env[name]?.toLowerCase()
    if (text === undefined) return fallback
    if (Object.hasOwn(values, text)) return values[text]!
    problem(name, `set one of ${shown}, or leave it out`)
    return fallback
  }

  // Anything else might be a production somebody misspelt, and must not get demo people.
  oneOf("NODE_ENV", { development: true, test: true, production: true }, true)
  const production = isProduction(env.NODE_ENV)

  const databaseUrl = () => {
    const text = env.DATABASE_URL
    if (text === undefined) {
      return production
        ? problem(
            "DATABASE_URL",
            "set the PostgreSQL database that Better Auth uses, as postgres://user:password@host:5432/name"
          )
        : undefined
    }
    const url = URL.parse(text)
    return url !== null && ["postgres:", "postgresql:"].includes(url.protocol)
      ? Redacted.make(text)
      : problem("DATABASE_URL", "set a URL of the form postgres://user:password@host:5432/name")
  }

  const secret = () => {
    const text = env.BETTER_AUTH_SECRET
    if (text === undefined) return undefined
    if (looksLikeKey(text)) {
      return problem(
        "BETTER_AUTH_SECRET",
        "it is a public or private key; set the secret string that Better Auth itself uses"
      )
    }
    const weakness = weaknessOf(text)
    if (weakness !== undefined) {
      const advice = `${weakness}; set the value Better Auth uses, made with \`openssl rand -base64 32\``
      if (production) return problem("BETTER_AUTH_SECRET", advice)
      warnings.push(`BETTER_AUTH_SECRET: ${advice}`)
    }
    return Redacted.make(text)
  }

  const jwksUrl = () => {
    const text = env.BETTER_AUTH_JWKS_URL
    if (text === undefined) return undefined
    const url = URL.parse(text)
    return url !== null && ["http:", "https:"].includes(url.protocol) && url.username === ""
      ? url
      : problem(
          "BETTER_AUTH_JWKS_URL",
          "set Better Auth's key endpoint, as https://app.example.com/api/auth/jwks, or leave it out to read the jwks table"
        )
  }

  const corsOrigins = () => {
    const origins = (env.CORS_ORIGINS ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter(Boolean)
    if (!origins.every((origin) => URL.parse(origin)?.origin === origin && !origin.includes("*"))) {
      problem(
        "CORS_ORIGINS",
        "list exact origins, comma-separated, without path or trailing slash, as https://app.example.com"
      )
    }
    return origins
  }

  const publicUrl = () => {
    const text = env.PUBLIC_URL
    if (text === undefined) return undefined
    const url = URL.parse(text)
    const isPlain =
      url !== null &&
      ["http:", "https:"].includes(url.protocol) &&
      !/[?#]/.test(text) &&
      url.username + url.password === ""
    return isPlain
      ? url.href.replace(/\/+$/, "")
      : problem(
          "PUBLIC_URL",
          "set where browsers reach this server, without a query, as https://chat.example.com, or leave it out"
        )
  }

  const size = (name: Name, fallback: ByteSize.ByteSize, max: ByteSize.ByteSize) => {
    const text = env[name]
    if (text === undefined) return fallback
    const bytes = /^\d+$/.test(text)
      ? Option.some(ByteSize.bytes(BigInt(text)))
      : ByteSize.fromString(text)
    if (Option.isSome(bytes) && bytes.value >= 1024n && bytes.value <= max) return bytes.value
    const largest = ByteSize.format(max)
    const usual = ByteSize.format(fallback)
    problem(name, `set a size from 1 KiB to ${largest}, as ${Number(fallback)} or ${usual}`)
    return fallback
  }

  const attachmentTypes = () => {
    const text = env.ATTACHMENT_TYPES
    if (text === undefined) return usualTypes
    const types = text
      .split(",")
      .map((type) => type.trim().toLowerCase())
      .filter(Boolean)
    if (types.length === 0 || !types.every((type) => mediaType.test(type))) {
      problem(
        "ATTACHMENT_TYPES",
        "list whole media types, comma-separated, without wildcards or parameters, as image/png,application/pdf"
      )
    }
    return types
  }

  const settings: SettingsShape = {
    production,
    host: env.HOST ?? "127.0.0.1",
    port: integer("PORT", 8000, 0, 65_535),
    databaseUrl: databaseUrl(),
    databasePoolSize: integer("DATABASE_POOL_SIZE", 10, 1, 100),
    secret: secret(),
    // `iss` is a bare origin; the slash is what people paste along with it.
    issuer: env.BETTER_AUTH_ISSUER?.replace(/\/$/, ""),
    audience: env.BETTER_AUTH_AUDIENCE,
    jwksUrl: jwksUrl(),
    sessionTokens: oneOf("BETTER_AUTH_SESSION_TOKENS", { signed: true, off: false }, false),
    schema: env.BETTER_AUTH_SCHEMA ?? "public",
    clockTolerance: integer("CLOCK_TOLERANCE", 15, 0, 300),
    corsOrigins: corsOrigins(),
    publicUrl: publicUrl(),
    bodyLimit: size("BODY_LIMIT", ByteSize.mebibytes(1), ByteSize.mebibytes(64)),
    attachmentLimit: size("ATTACHMENT_LIMIT", ByteSize.mebibytes(20), ByteSize.gibibytes(1)),
    attachmentTypes: attachmentTypes(),
    streamsPerUser: integer("STREAMS_PER_USER", 8, 1, 1000),
    logLevel: oneOf("LOG_LEVEL", levels, "Info"),
    logFormat: oneOf(
      "LOG_FORMAT",
      { pretty: "pretty", json: "json" },
      process.stdout.isTTY ? "pretty" : "json"
    ),
    docs: oneOf("DOCS", switches, !production, "on, off"),
    warnings
  }

  const made = !production && env.DATABASE_URL === undefined
  if (settings.sessionTokens && env.BETTER_AUTH_SECRET === undefined && !made) {
    problem(
      "BETTER_AUTH_SECRET",
      "set it, because BETTER_AUTH_SESSION_TOKENS=signed needs it to check signatures"
    )
  }
  if (settings.secret !== undefined && settings.issuer === undefined) {
    warnings.push(
      "BETTER_AUTH_SECRET is set and BETTER_AUTH_ISSUER is not: any HS256 token signed with the secret that names an e-mail is accepted, among them, up to Better Auth 1.7.14, the links it mails to verify an address; set BETTER_AUTH_ISSUER to close this"
    )
  }
  return problems.length > 0 ? { problems } : settings
}

/** What Better Auth falls back to in development when no secret is set; it is public. */
const betterAuthDefault = "better-auth-secret-12345678901234567890"

const weaknessOf = (secret: string): string | undefined => {
  if (secret === betterAuthDefault) return "it is Better Auth's published default"
  if (/change[-_ ]?(me|this)|replace[-_ ]?(me|this)|your[-_ ]|placeholder|example/i.test(secret))
    return "it looks like a placeholder"
  if (new TextEncoder().encode(secret).length < 32)
    return "it is shorter than 32 bytes (RFC 7518 §3.2)"
  return undefined
}

/** A key as JWK, JWKS or PEM must never become an HMAC secret: everybody has the public ones. */
const looksLikeKey = (text: string): boolean =>
  text.includes("-----BEGIN ") || /^\s*\{[\s\S]*"(kty|keys)"/.test(text)
