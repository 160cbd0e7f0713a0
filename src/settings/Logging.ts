import { oneOf } from "./Setting.ts"

const levels = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  warning: "Warn",
  error: "Error"
} as const

const formats = { pretty: "pretty", json: "json" } as const

export const logging = {
  logLevel: oneOf<(typeof levels)[keyof typeof levels]>("LOG_LEVEL", levels, () => "Info"),
  logFormat: oneOf<keyof typeof formats>("LOG_FORMAT", formats, () =>
    process.stdout.isTTY ? "pretty" : "json"
  )
}
