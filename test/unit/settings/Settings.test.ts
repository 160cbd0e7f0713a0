import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ByteSize, ConfigProvider, Effect, Layer, Redacted } from "effect"
import { BadSettings, names, Settings } from "../../../src/settings/Settings.ts"
import {
  assertProblem,
  databaseUrl,
  problemsOf,
  production,
  settingsOf
} from "../../support/ParsedSettings.ts"
import { secret } from "../../support/Tokens.ts"

describe("settings", () => {
  it("need nothing in development", () => {
    const { attachmentBytesPerUser, attachmentLimit, bodyLimit, dictationLimit, ...rest } =
      settingsOf({})
    assert.strictEqual(ByteSize.toBigInt(attachmentBytesPerUser), 1_073_741_824n)
    assert.strictEqual(ByteSize.toBigInt(bodyLimit), 1_048_576n)
    assert.strictEqual(ByteSize.toBigInt(dictationLimit), 4_194_304n)
    assert.strictEqual(ByteSize.toBigInt(attachmentLimit), 20_971_520n)
    assert.deepStrictEqual(rest, {
      production: false,
      host: "127.0.0.1",
      port: 8000,
      shutdownDelay: 0,
      databaseUrl: undefined,
      databasePoolSize: 10,
      secret: undefined,
      issuers: [],
      audience: undefined,
      jwksUrl: undefined,
      sessionTokens: false,
      schema: "public",
      clockTolerance: 15,
      corsOrigins: [],
      publicUrl: undefined,
      trustProxy: false,
      attachmentTypes: [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "application/pdf",
        "text/plain",
        "text/csv",
        "text/markdown",
        "application/json"
      ],
      streamsPerUser: 8,
      requestsAtOnce: 32,
      requestsPerSecond: 50,
      logLevel: "Info",
      logFormat: process.stdout.isTTY ? "pretty" : "json",
      docs: true,
      model: undefined,
      modelUrl: "https://api.openai.com/v1",
      modelApi: "responses",
      modelApiKey: undefined,
      openAiApiKey: undefined,
      modelInstructions: undefined,
      models: [],
      fallbackModel: undefined,
      titleModel: undefined,
      transcriptionModel: undefined,
      modelTools: [],
      mcpServers: [],
      modelHistory: 50,
      modelRounds: 10,
      modelTurnTokens: 200_000,
      dailyTokens: 0,
      modelFirstEventSeconds: 60,
      modelIdleSeconds: 60,
      modelTurnSeconds: 600,
      responder: undefined,
      upstreamUrl: undefined,
      upstreamSecret: undefined,
      playground: false,
      warnings: []
    })
  })

  it("are read as they are written", () => {
    const settings = settingsOf({
      ...production,
      HOST: "0.0.0.0",
      PORT: "0",
      DATABASE_POOL_SIZE: "25",
      BETTER_AUTH_SECRET: secret,
      BETTER_AUTH_ISSUER: "https://app.example.com",
      BETTER_AUTH_AUDIENCE: "support",
      BETTER_AUTH_JWKS_URL: "https://app.example.com/api/auth/jwks",
      BETTER_AUTH_SESSION_TOKENS: "signed",
      BETTER_AUTH_SCHEMA: "auth",
      CLOCK_TOLERANCE: "0",
      CORS_ORIGINS: "https://app.example.com, http://localhost:3000,",
      PUBLIC_URL: "https://chat.example.com",
      BODY_LIMIT: "64 KiB",
      DICTATION_LIMIT: "2 MiB",
      ATTACHMENT_LIMIT: "5 MiB",
      ATTACHMENT_TYPES: "image/PNG, application/vnd.ms-excel,",
      STREAMS_PER_USER: "3",
      LOG_LEVEL: "debug",
      LOG_FORMAT: "pretty",
      DOCS: "true"
    })
    assert.strictEqual(Redacted.value(settings.databaseUrl!), databaseUrl)
    assert.strictEqual(Redacted.value(settings.secret!), secret)
    assert.strictEqual(settings.jwksUrl?.href, "https://app.example.com/api/auth/jwks")
    assert.strictEqual(ByteSize.toBigInt(settings.bodyLimit), 65_536n)
    assert.strictEqual(ByteSize.toBigInt(settings.dictationLimit), 2_097_152n)
    assert.strictEqual(ByteSize.toBigInt(settings.attachmentLimit), 5_242_880n)
    assert.deepInclude(settings, {
      production: true,
      host: "0.0.0.0",
      port: 0,
      databasePoolSize: 25,
      issuers: ["https://app.example.com"],
      audience: "support",
      sessionTokens: true,
      schema: "auth",
      clockTolerance: 0,
      corsOrigins: ["https://app.example.com", "http://localhost:3000"],
      publicUrl: "https://chat.example.com",
      attachmentTypes: ["image/png", "application/vnd.ms-excel"],
      streamsPerUser: 3,
      logLevel: "Debug",
      logFormat: "pretty",
      docs: true,
      warnings: []
    })
  })

  it("have no docs page in production unless asked for, and one in development unless not", () => {
    assert.isFalse(settingsOf(production).docs)
    for (const on of ["on", "true", "1", "TRUE"]) {
      assert.isTrue(settingsOf({ ...production, DOCS: on }).docs)
    }
    for (const off of ["off", "false", "0"]) assert.isFalse(settingsOf({ DOCS: off }).docs)
    assertProblem({ DOCS: "maybe" }, "DOCS", /one of on, off,/)
  })

  it("know production however it is spelt, and start nothing that is spelt wrong", () => {
    for (const spelt of ["production", "Production", "PRODUCTION"]) {
      assert.isTrue(settingsOf({ ...production, NODE_ENV: spelt }).production, spelt)
      // What is made up in development is refused.
      assertProblem({ NODE_ENV: spelt }, "DATABASE_URL", /postgres:/)
    }
    for (const spelt of ["development", "Test", undefined]) {
      assert.isFalse(settingsOf({ ...production, NODE_ENV: spelt }).production, spelt)
    }
    for (const wrong of ["prod", "productoin", "production,", "live"]) {
      assertProblem({ NODE_ENV: wrong }, "NODE_ENV", /one of development, test, production/)
    }
  })

  it("name every problem at once, with what to set", () => {
    const problems = problemsOf({
      NODE_ENV: "production",
      PORT: "http",
      DATABASE_POOL_SIZE: "0",
      BETTER_AUTH_SECRET: "short",
      BETTER_AUTH_JWKS_URL: "app.example.com/jwks",
      BETTER_AUTH_SESSION_TOKENS: "raw",
      CLOCK_TOLERANCE: "-1",
      CORS_ORIGINS: "*",
      PUBLIC_URL: "chat",
      BODY_LIMIT: "lots",
      DICTATION_LIMIT: "long",
      ATTACHMENT_LIMIT: "0",
      ATTACHMENT_TYPES: "image/*",
      STREAMS_PER_USER: "0",
      LOG_LEVEL: "loud",
      LOG_FORMAT: "xml",
      DOCS: "perhaps"
    })
    assert.deepStrictEqual(problems.map((problem) => problem.split(":")[0]).sort(), [
      "ATTACHMENT_LIMIT",
      "ATTACHMENT_TYPES",
      "BETTER_AUTH_JWKS_URL",
      "BETTER_AUTH_SECRET",
      "BETTER_AUTH_SESSION_TOKENS",
      "BODY_LIMIT",
      "CLOCK_TOLERANCE",
      "CORS_ORIGINS",
      "DATABASE_POOL_SIZE",
      "DATABASE_URL",
      "DICTATION_LIMIT",
      "DOCS",
      "LOG_FORMAT",
      "LOG_LEVEL",
      "PORT",
      "PUBLIC_URL",
      "STREAMS_PER_USER"
    ])
    for (const problem of problems) assert.match(problem, /\b(set|list)\b/)
  })

  it("want a PostgreSQL database in production, and a URL of one anywhere", () => {
    assertProblem({ NODE_ENV: "production" }, "DATABASE_URL", /postgres:\/\/user:password@host/)
    for (const text of ["mysql://joe:hunter2@db/app", "db.internal/app", "hunter2"]) {
      assertProblem({ DATABASE_URL: text }, "DATABASE_URL")
      assert.notInclude(problemsOf({ DATABASE_URL: text }).join(), "hunter2")
    }
    settingsOf({ ...production, DATABASE_URL: "postgresql://db/app" })
  })

  it("B3: take libpq's form for a socket, and say how a password is written in a URL", () => {
    const urlOf = (text: string) =>
      new URL(Redacted.value(settingsOf({ ...production, DATABASE_URL: text }).databaseUrl!))
    const socket = urlOf("postgres://u:p@/db?host=/run/postgresql")
    assert.strictEqual(socket.searchParams.get("host"), "/run/postgresql")
    assert.strictEqual(urlOf("postgres:///db?host=/run").pathname, "/db")
    assert.strictEqual(urlOf("postgres://u:p%23%2F%25@db/app").password, "p%23%2F%25")
    for (const text of [
      "postgres://u:p#w@db/app",
      "postgres://u:p/w@db/app",
      "postgres://u:12/w@db/app",
      "postgres://u:12#w@db/app",
      "postgres://u:12?w@db/app",
      "postgres://u:p%zz@db/app",
      "postgres://u:p@db%zz/app",
      "postgres://u:100%@db/app"
    ]) {
      assertProblem({ DATABASE_URL: text }, "DATABASE_URL", /%23/)
    }
  })

  it("B2: know libpq's ways of TLS, and files that can be read", () => {
    const at = (query: string) => ({ DATABASE_URL: `postgres://u:p@db/app?${query}` })
    for (const mode of ["disable", "allow", "prefer", "require", "no-verify", "verify-full"]) {
      settingsOf({ ...production, ...at(`sslmode=${mode}`) })
    }
    settingsOf({ ...production, ...at("sslrootcert=system") })
    settingsOf({ ...production, ...at("sslmode=verify-full&sslrootcert=system") })
    for (const mode of ["require", "verify-ca", "no-verify", "prefer"]) {
      assertProblem(
        at(`sslmode=${mode}&sslrootcert=system`),
        "DATABASE_URL",
        /needs sslmode=verify-full/
      )
    }
    assertProblem(at("sslmode=verify-ca"), "DATABASE_URL", /set sslrootcert/)
    assertProblem(at("sslmode=verify_full"), "DATABASE_URL", /sslmode is unknown/)
    assertProblem(at("sslrootcert=/none/at/all"), "DATABASE_URL", /sslrootcert cannot be read/)
  })

  it("F11: take no credentials in the URL of the keys", () => {
    for (const who of ["ada", "ada:hunter2", ":hunter2"]) {
      const BETTER_AUTH_JWKS_URL = `https://${who}@app.example.com/api/auth/jwks`
      assertProblem({ BETTER_AUTH_JWKS_URL }, "BETTER_AUTH_JWKS_URL", /^(?!.*hunter2)/)
    }
  })

  it("take whole numbers within bounds", () => {
    const bounds = [
      ["PORT", 0, 65_535],
      ["DATABASE_POOL_SIZE", 1, 100],
      ["CLOCK_TOLERANCE", 0, 300],
      ["STREAMS_PER_USER", 1, 1000],
      ["REQUESTS_AT_ONCE_PER_USER", 1, 10_000],
      ["REQUESTS_PER_SECOND_PER_USER", 1, 1_000_000]
    ] as const
    for (const [name, min, max] of bounds) {
      settingsOf({ [name]: String(min) })
      settingsOf({ [name]: String(max) })
      for (const text of [`${min - 1}`, `${max + 1}`, "1.5", "1e1", "0x10", "ten", "1 0", "+1"]) {
        assertProblem({ [name]: text }, name, new RegExp(`${min} to ${max}`))
      }
    }
  })

  it("take sizes in bytes or with a unit (D2: the bytes of one user too)", () => {
    const limits = [
      ["BODY_LIMIT", "bodyLimit", "64 MiB", "65 MiB", 67_108_864n],
      ["DICTATION_LIMIT", "dictationLimit", "64 MiB", "65 MiB", 67_108_864n],
      ["ATTACHMENT_LIMIT", "attachmentLimit", "1 GiB", "1025 MiB", 1_073_741_824n],
      ["ATTACHMENT_BYTES_PER_USER", "attachmentBytesPerUser", "1 TiB", "1025 GiB", 2n ** 40n]
    ] as const
    for (const [name, field, largest, tooLarge, bytes] of limits) {
      const limitOf = (text: string) => ByteSize.toBigInt(settingsOf({ [name]: text })[field])
      assert.strictEqual(limitOf("1024"), 1024n)
      assert.strictEqual(limitOf("2 MiB"), 2_097_152n)
      assert.strictEqual(limitOf(largest), bytes)
      for (const text of ["1023", "0", "-5", tooLarge, "1 parsec", "MiB", "9".repeat(30)]) {
        assertProblem({ [name]: text }, name, new RegExp(`1 KiB to ${largest}, as`))
      }
    }
  })

  it("take whole media types", () => {
    const typesOf = (text: string) => settingsOf({ ATTACHMENT_TYPES: text }).attachmentTypes
    assert.deepStrictEqual(typesOf("Text/CSV"), ["text/csv"])
    assert.deepStrictEqual(typesOf("image/svg+xml , audio/x-m4a"), ["image/svg+xml", "audio/x-m4a"])
    for (const text of [
      "*/*",
      "image/*",
      "png",
      "image/",
      "/png",
      "a/b;c=d",
      "a/b/c",
      "é/b",
      ","
    ]) {
      assertProblem({ ATTACHMENT_TYPES: text }, "ATTACHMENT_TYPES", /whole media types/)
    }
  })

  it("take the address browsers use, without the slash people paste after it", () => {
    const urlOf = (text: string) => settingsOf({ PUBLIC_URL: text }).publicUrl
    assert.strictEqual(urlOf("https://chat.example.com/"), "https://chat.example.com")
    assert.strictEqual(urlOf("http://LOCALHOST:8000"), "http://localhost:8000")
    assert.strictEqual(urlOf("https://example.com/chat//"), "https://example.com/chat")
    for (const text of [
      "chat.example.com",
      "ftp://chat.example.com",
      "https://chat.example.com?a=b",
      "https://chat.example.com/?",
      "https://chat.example.com#a",
      "https://me:pw@chat.example.com"
    ]) {
      assertProblem({ PUBLIC_URL: text }, "PUBLIC_URL", /without a query/)
    }
  })

  it("take exact origins only", () => {
    for (const origin of [
      "*",
      "https://app.example.com/",
      "https://app.example.com/chat",
      "app.example.com",
      "https://*.example.com",
      "https://APP.example.com",
      "https://app.example.com:443",
      "null",
      "https://good.example,https://bad.example/"
    ]) {
      assertProblem({ CORS_ORIGINS: origin }, "CORS_ORIGINS", /exact origins/)
    }
  })

  it("A4: forgive the slash people paste after an issuer, and take several", () => {
    const issuersOf = (text: string) => settingsOf({ BETTER_AUTH_ISSUER: text }).issuers
    const bare = "https://app.example.com"
    assert.deepStrictEqual(issuersOf(bare), [bare])
    assert.deepStrictEqual(issuersOf(`${bare}/`), [bare, `${bare}/`])
    assert.deepStrictEqual(issuersOf(`${bare}, https://x.example/api/auth ,my-app`), [
      bare,
      "https://x.example/api/auth",
      "my-app"
    ])
  })

  it("A5: want a scheme, and no quotes that came along from a file", () => {
    for (const text of ["app.example.com", "app.example.com:3000", "app.example.com/api/auth"]) {
      assertProblem({ BETTER_AUTH_ISSUER: text }, "BETTER_AUTH_ISSUER", /scheme/)
    }
    for (const name of ["BETTER_AUTH_ISSUER", "CORS_ORIGINS", "PUBLIC_URL", "DATABASE_URL"]) {
      for (const quote of [`"`, "'"]) {
        const text = `${quote}https://app.example.com${quote}`
        assertProblem({ [name]: text }, name, /quotes around it/)
      }
    }
    settingsOf({ MODEL_INSTRUCTIONS: `"Be brief"` })
  })

  it("take log levels in any case", () => {
    for (const [text, level] of [
      ["trace", "Trace"],
      ["INFO", "Info"],
      ["Warning", "Warn"],
      ["warn", "Warn"],
      ["error", "Error"]
    ] as const) {
      assert.strictEqual(settingsOf({ LOG_LEVEL: text }).logLevel, level)
    }
    for (const text of ["constructor", "__proto__", "none"]) {
      assertProblem({ LOG_LEVEL: text }, "LOG_LEVEL", /trace, debug, info/)
    }
  })
})

describe("Settings.layer", () => {
  const read = (env: Record<string, string>) =>
    Effect.service(Settings).pipe(
      Effect.provide(
        Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
      )
    )

  it.effect("reads the environment, and takes what is empty for what is not set", () =>
    Effect.gen(function* () {
      const settings = yield* read({
        PORT: " 9000 ",
        HOST: "",
        DATABASE_URL: "  ",
        BETTER_AUTH_SECRET: "",
        LOG_LEVEL: ""
      })
      assert.deepInclude(settings, { port: 9000, host: "127.0.0.1", logLevel: "Info" })
      assert.isUndefined(settings.databaseUrl)
      assert.isUndefined(settings.secret)
    })
  )

  it.effect("fails with one message that lists every problem and no secret", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        read({
          NODE_ENV: "production",
          DATABASE_URL: "mysql://joe:hunter2@db/app",
          BETTER_AUTH_SECRET: "hunter3",
          PORT: "http"
        })
      )
      assert(error instanceof BadSettings)
      for (const name of ["DATABASE_URL", "BETTER_AUTH_SECRET", "PORT"]) {
        assert.include(error.message, `\n  - ${name}: `)
      }
      assert.include(error.message, ".env.example")
      assert.notMatch(error.message, /hunter/)
    })
  )
})

describe(".env.example", () => {
  const text = readFileSync(new URL("../../../.env.example", import.meta.url), "utf8")
  const entries = (pattern: RegExp) =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, name, value]) => [name, value]))

  it("lists every setting with a value that works", () => {
    const all = entries(/^#? ?([A-Z][A-Z_]+)=(.*)$/gm)
    assert.sameMembers(Object.keys(all), [...names])
    settingsOf(entries(/^([A-Z][A-Z_]+)=(.*)$/gm))
    // These exclude each other.
    const { MODEL, MODEL_TOOLS, RESPONDER, UPSTREAM_URL, ...rest } = all
    settingsOf({ ...rest, MODEL, RESPONDER })
    settingsOf({ MODEL, MODEL_TOOLS, MODEL_API_KEY: "key" })
    settingsOf({ UPSTREAM_URL })
  })

  it("has a secret that production refuses", () => {
    const { BETTER_AUTH_SECRET } = entries(/^# (BETTER_AUTH_SECRET)=(.*)$/gm)
    assert.isString(BETTER_AUTH_SECRET)
    assertProblem(
      { ...production, BETTER_AUTH_SECRET, BETTER_AUTH_ISSUER: "https://x.y" },
      "BETTER_AUTH_SECRET"
    )
  })
})
