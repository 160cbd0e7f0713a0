import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as jose from "jose"

/** Holds the database and the keys of development between runs; git ignores it. */
export const dataDirectory = ".data"

/** Stand in for Better Auth's own keys, as the embedded database does for its tables. */
export interface DevKeys {
  readonly kid: string
  /** Ed25519, with the private part. */
  readonly jwk: Readonly<Record<string, string>>
  /** Used while `BETTER_AUTH_SECRET` is not set. */
  readonly secret: string
}

const file = join(dataDirectory, "dev-keys.json")

/** Reads the keys, or creates them the first time. `npm run token` shares them with the server. */
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
    // Another process has created the file since we looked.
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
