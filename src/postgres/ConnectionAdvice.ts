import type { SqlError } from "effect/sql"

const pooler =
  "a pooler gives each transaction another connection: add pgbouncer=true to DATABASE_URL"
const privateAuthority =
  "its certificate is of a private authority: name that one's certificate by sslrootcert=/path/to/ca.crt in DATABASE_URL"

/** The advice about a database that cannot be used, by Node's error code or the SQLSTATE. */
const byCode: Readonly<Record<string, string>> = {
  "28P01":
    "its user or password is wrong: check them in DATABASE_URL, and percent-encode special characters of the password",
  "28000":
    "it does not let this user in from here: check the user in DATABASE_URL, pg_hba.conf and whether TLS is required (sslmode=require)",
  "3D000":
    "it has no database of this name: check the path of DATABASE_URL, or create the database",
  "42501": "this role lacks a right: grant it as the README's `Connect your app` says",
  "53300": "it has no connection left: raise max_connections there, or lower DATABASE_POOL_SIZE",
  "57P03": "it is starting up or stopping: wait",
  "25006": "it is read-only: DATABASE_URL must name the primary, not a replica",
  "08P01":
    "the pooler in front of it refuses the connection's parameters: leave `options` out of DATABASE_URL",
  "25P02": pooler,
  "42P05": pooler,
  "26000": pooler,
  ECONNREFUSED:
    "nothing listens at the host and port of DATABASE_URL: check both, and whether PostgreSQL runs",
  ENOTFOUND: "the host of DATABASE_URL is unknown: check its spelling, and the name server",
  EAI_AGAIN: "the host of DATABASE_URL cannot be looked up just now: check the name server",
  ENOENT: "there is no socket in the directory that DATABASE_URL names: check `host`",
  EACCES: "this user may not open the socket that DATABASE_URL names: check its permissions",
  ETIMEDOUT: "no answer came from the host of DATABASE_URL: check the address and the firewall",
  ECONNRESET:
    "the connection was reset: check what stands between, and whether TLS is expected (sslmode)",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate is self-signed: name the certificate by sslrootcert=/path/to/ca.crt in DATABASE_URL, or do without verification by sslmode=require",
  SELF_SIGNED_CERT_IN_CHAIN: privateAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: privateAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: privateAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate is for another host: use the host that it names, or sslmode=verify-ca",
  CERT_HAS_EXPIRED: "its certificate has expired: renew it there"
}

const noTls = "it does not speak TLS: set sslmode=disable in DATABASE_URL, or switch TLS on there"

/** A sentence for the log and for readiness; it never has a value of the URL. */
export const adviceFor = ({ reason }: SqlError.SqlError): string | undefined => {
  let cause: unknown = reason
  for (let depth = 0; depth < 6 && typeof cause === "object" && cause !== null; depth++) {
    const {
      cause: next,
      code,
      message
    } = cause as {
      readonly cause?: unknown
      readonly code?: unknown
      readonly message?: unknown
    }
    const advice = typeof code === "string" ? byCode[code] : undefined
    if (advice !== undefined) return advice
    if (typeof message === "string" && /does not support (SSL|TLS)/i.test(message)) return noTls
    cause = next
  }
  return undefined
}
