import { assert, it } from "@effect/vitest"
import { tlsOptions } from "../../../src/postgres/Tls.ts"
import { authority } from "../../support/faults/TlsProxy.ts"

const optionsOf = (query: string) => tlsOptions(new URL(`postgres://u:p@db/app?${query}`))

it("B2: checks the host's name wherever anybody could have a certificate of the authority", () => {
  for (const query of ["sslrootcert=system", "sslmode=verify-full"]) {
    const options = optionsOf(query)
    assert.isTrue(options?.rejectUnauthorized)
    assert.isUndefined(options?.checkServerIdentity)
  }
  assert.isDefined(optionsOf(`sslrootcert=${authority}`)?.checkServerIdentity)
})
