import { assert, it } from "@effect/vitest"
import { tlsOptions } from "../../../src/postgres/Tls.ts"
import { authority } from "../../support/faults/TlsProxy.ts"

const certificate = authority.replace("ca.crt", "server.crt")
const privateKey = authority.replace("ca.crt", "server.key")

const optionsOf = (query: string) => tlsOptions(new URL(`postgres://u:p@db/app?${query}`))

it("B2: checks the host's name wherever anybody could have a certificate of the authority", () => {
  for (const query of ["sslrootcert=system", "sslmode=verify-full"]) {
    const options = optionsOf(query)
    assert.isTrue(options?.rejectUnauthorized)
    assert.isUndefined(options?.checkServerIdentity)
  }
  assert.isDefined(optionsOf(`sslrootcert=${authority}`)?.checkServerIdentity)
})

it("B2: encrypts and verifies what each sslmode says, with the files that are named", () => {
  const root = `sslrootcert=${authority}`
  for (const [query, verifies, checksHost] of [
    ["sslmode=no-verify", false, true],
    ["sslmode=require", false, true],
    [`sslmode=require&${root}`, true, false],
    [`sslmode=verify-ca&${root}`, true, false],
    [`sslmode=verify-full&${root}`, true, true],
    [root, true, false]
  ] as const) {
    const options = optionsOf(query)
    assert.strictEqual(options?.rejectUnauthorized, verifies, query)
    assert.strictEqual(options?.checkServerIdentity === undefined, checksHost, query)
    assert.strictEqual(options?.ca !== undefined, query.includes(root), query)
  }
  for (const query of ["", "sslmode=disable", "sslmode=allow", "sslmode=prefer"]) {
    assert.isUndefined(optionsOf(query), query)
  }
  const own = optionsOf(`sslmode=require&sslcert=${certificate}&sslkey=${privateKey}`)
  assert.match(String(own?.cert), /BEGIN CERTIFICATE/)
  assert.match(String(own?.key), /BEGIN .*PRIVATE KEY/)
})
