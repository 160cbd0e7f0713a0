import { ByteSize } from "effect"
import { integer, itemsOf, oneOf, onOff, setting, size, webUrl } from "./Setting.ts"

/** Whether this `NODE_ENV` means production, in whatever case it is written. */
export const isProduction = (nodeEnv: string | undefined): boolean =>
  nodeEnv?.trim().toLowerCase() === "production"

/** Whether only programs on this machine reach a server that listens there. */
export const isLoopbackHost = (host: string | undefined): boolean =>
  host === undefined || /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)

const hostName = /^[\w-]+(\.[\w-]+)*$/
const ipv6 = /^[\da-f]*:[\da-f.]*:[\da-f:.]*(%[\w.-]+)?$/i

export const server = {
  // Only known words: a misspelt "production" must not start with the demo people.
  production: oneOf("NODE_ENV", { development: false, test: false, production: true }, () => false),
  host: setting(
    "HOST",
    (text) => {
      const host = text.replace(/^\[(.*)\]$/, "$1")
      return hostName.test(host) || ipv6.test(host) ? host : undefined
    },
    {
      fallback: () => "127.0.0.1",
      advice: "set an address of this machine, without a scheme or port, as 0.0.0.0 for all of IPv4"
    }
  ),
  /** 0 takes a free port. */
  port: integer("PORT", 8000, { min: 0, max: 65_535 }),
  /** Seconds that the port stays open once the process was told to stop. */
  shutdownDelay: integer("SHUTDOWN_DELAY", (production) => (production ? 1 : 0), {
    min: 0,
    max: 60
  }),
  corsOrigins: setting(
    "CORS_ORIGINS",
    (text) => {
      const origins = itemsOf(text)
      const isExact = (origin: string) =>
        URL.parse(origin)?.origin === origin && !origin.includes("*")
      return origins.every(isExact) ? origins : undefined
    },
    {
      fallback: (): ReadonlyArray<string> => [],
      advice:
        "list exact origins, comma-separated, without path or trailing slash, as https://app.example.com"
    }
  ),
  /** Where browsers reach this server, without a trailing slash; undefined: what requests say. */
  publicUrl: setting(
    "PUBLIC_URL",
    (text) => (/[?#]/.test(text) ? undefined : webUrl(text)?.href.replace(/\/+$/, "")),
    {
      fallback: () => undefined,
      advice:
        "set where browsers reach this server, without a query, as https://chat.example.com, or leave it out"
    }
  ),
  /** Whether a proxy in front sets `X-Forwarded-Host` and `X-Forwarded-Proto`. */
  trustProxy: oneOf("TRUST_PROXY", onOff, () => false, ["on", "off"]),
  bodyLimit: size("BODY_LIMIT", ByteSize.mebibytes(1), ByteSize.mebibytes(64)),
  /** Of a body with a recording in it, as base64: a minute of dictation takes about 1.4 MB. */
  dictationLimit: size("DICTATION_LIMIT", ByteSize.mebibytes(4), ByteSize.mebibytes(64)),
  /** Whether `GET /docs` shows the documentation of the API. */
  docs: oneOf("DOCS", onOff, (production) => !production, ["on", "off"])
}
