import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as jose from "jose"

/** Where development keeps its database and keys; it survives a restart and is never committed. */
export const dataDirectory = ".data"

/** Stands in for Better Auth's own keys while the embedded database stands in for its tables. */
export interface DevKeys {
  readonly kid: string
  /** Ed25519, with the private part. */
  readonly jwk: Readonly<Record<string, string>>
  /** What `BETTER_AUTH_SECRET` is while none is set. */
  readonly secret: string
}

const file = join(dataDirectory, "dev-keys.json")

/** Read, or made the first time; the server and `npm run token` share them through the file. */
export const load = async (): Promise<DevKeys> => {
  const existing = read()
  if (existing !== undefined) return existing
  const { privateKey } = await jose.generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true })
  const jwk = (await jose.exportJWK(privateKey)) as Record<string, string>
  const made: DevKeys = {
    kid: `dev-${crypto.randomUUID()}`,
    jwk,
    secret: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")
  }
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, JSON.stringify(made), { mode: 0o600, flag: "wx" })
    return made
  } catch {
    // Somebody else was faster.
    return read() ?? made
  }
}

const read = (): DevKeys | undefined => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as DevKeys
  } catch {
    return undefined
  }
}
