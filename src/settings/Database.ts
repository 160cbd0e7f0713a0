import { readFileSync } from "node:fs"
import { Redacted } from "effect"
import { integer, type Setting } from "./Setting.ts"

const form =
  "set a URL of the form postgres://user:password@host:5432/name, with # as %23, / as %2F, ? as %3F, @ as %40 and % as %25 in the password"

/** libpq's form for a socket has no host before the path: the directory is in the query. */
const withHost = (text: string) => text.replace(/^(\w+:\/\/([^/?#]*@)?)(?=\/)/, "$1localhost")

/**
 * Whether a bare # / or ? in a password has ended the host too early. It shows in what follows: where
 * digits stood before it, they were taken for a port.
 */
const isTorn = ({ hash, pathname, searchParams }: URL) =>
  hash !== "" || [pathname, ...searchParams.keys()].some((part) => part.includes("@"))

const isDecodable = (url: URL) =>
  [url.username, url.password, url.hostname, url.pathname].every((part) => {
    try {
      return decodeURIComponent(part) !== undefined
    } catch {
      return false
    }
  })

const sslModes = ["disable", "allow", "prefer", "require", "no-verify", "verify-ca", "verify-full"]

const databaseUrl: Setting<Redacted.Redacted | undefined> = {
  name: "DATABASE_URL",
  read: (text, { problem, production }) => {
    if (text === undefined) {
      return production
        ? problem(
            "set the PostgreSQL database that Better Auth uses, as postgres://user:password@host:5432/name"
          )
        : undefined
    }
    const url = URL.parse(withHost(text))
    if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || isTorn(url)) {
      return problem(form)
    }
    if (!isDecodable(url)) return problem(`a % in it is no percent-encoding; ${form}`)
    const wrong = tlsProblem(url)
    return wrong === undefined ? Redacted.make(url.href) : problem(wrong)
  }
}

/** Why the TLS parameters of the URL cannot be used. */
const tlsProblem = ({ searchParams }: URL): string | undefined => {
  const mode = searchParams.get("sslmode")
  if (mode !== null && !sslModes.includes(mode)) {
    return `its sslmode is unknown; set one of ${sslModes.join(", ")}`
  }
  const root = searchParams.get("sslrootcert")
  if (mode === "verify-ca" && root === null) {
    return "its sslmode=verify-ca needs an authority; set sslrootcert=/path/to/ca.crt, or sslmode=verify-full"
  }
  // Anybody can have a certificate of a public authority: without the name it proves nothing.
  if (root === "system" && mode !== null && mode !== "verify-full") {
    return "its sslrootcert=system needs sslmode=verify-full; set that, or the path of a PEM file"
  }
  const unreadable = ["sslrootcert", "sslcert", "sslkey"].find((name) => {
    const path = searchParams.get(name)
    if (path === null || (name === "sslrootcert" && path === "system")) return false
    try {
      readFileSync(path)
      return false
    } catch {
      return true
    }
  })
  return unreadable && `its ${unreadable} cannot be read; set the path of a PEM file`
}

export const database = {
  /** Undefined means the embedded database, which exists in development only. */
  databaseUrl,
  databasePoolSize: integer("DATABASE_POOL_SIZE", 10, { min: 1, max: 100 })
}
