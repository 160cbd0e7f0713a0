import { readFileSync } from "node:fs"
import * as tls from "node:tls"

/**
 * The TLS options of a URL, as libpq means them (https://www.postgresql.org/docs/current/libpq-ssl.html):
 * `require` encrypts and verifies only what `sslrootcert` names, `verify-ca` verifies the authority,
 * `verify-full` the host too, and `no-verify` nothing. `sslrootcert=system` alone is `verify-full`,
 * because anybody can have a certificate of a public authority. Undefined leaves the choice to the driver:
 * no TLS, or for `prefer` and `allow` TLS where the server offers it, verified.
 */
export const tlsOptions = (url: URL): tls.ConnectionOptions | undefined => {
  const parameter = (name: string) => url.searchParams.get(name) ?? undefined
  const file = (name: string) => {
    const path = parameter(name)
    return path === undefined ? {} : { [pemOf[name]!]: readFileSync(path, "utf8") }
  }
  const root = parameter("sslrootcert")
  const byRoot = root === "system" ? "verify-full" : root && "verify-ca"
  const mode = parameter("sslmode") ?? byRoot
  if (mode === undefined || ["disable", "allow", "prefer"].includes(mode)) return undefined
  const verifies =
    mode === "verify-full" || mode === "verify-ca" || (mode === "require" && root !== undefined)
  return {
    ...(root === "system" ? { ca: tls.getCACertificates("system") } : file("sslrootcert")),
    ...file("sslcert"),
    ...file("sslkey"),
    rejectUnauthorized: verifies,
    ...(mode === "verify-full" || !verifies ? {} : { checkServerIdentity: () => undefined })
  }
}

const pemOf: Readonly<Record<string, string>> = {
  sslrootcert: "ca",
  sslcert: "cert",
  sslkey: "key"
}
