import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { SqlError } from "effect/sql"
import { adviceFor } from "../../../src/postgres/ConnectionAdvice.ts"

const operations = readFileSync(join(import.meta.dirname, "../../../docs/operations.md"), "utf8")

/** A failure whose reason says this code, under so many other causes. */
const failure = (code: string, depth = 0, message = "a value nobody may see") => {
  let cause: unknown = Object.assign(new Error(message), { code })
  for (let i = 0; i < depth; i++) cause = new Error(message, { cause })
  return new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause, message, operation: "connect" })
  })
}

describe("the advice about a database that cannot be used", () => {
  for (const [code, words] of [
    ["28P01", "percent-encode"],
    ["28000", "pg_hba.conf"],
    ["3D000", "create the database"],
    ["42501", "grant it"],
    ["53300", "lower DATABASE_POOL_SIZE"],
    ["57P03", "starting up or stopping: wait"],
    ["25006", "must name the primary"],
    ["08P01", "leave `options` out of DATABASE_URL"],
    ["25P02", "add pgbouncer=true"],
    ["42P05", "add pgbouncer=true"],
    ["26000", "add pgbouncer=true"],
    ["ECONNREFUSED", "nothing listens"],
    ["ENOTFOUND", "check its spelling"],
    ["EAI_AGAIN", "check the name server"],
    ["ENOENT", "no socket in the directory"],
    ["EACCES", "check its permissions"],
    ["ETIMEDOUT", "check the address and the firewall"],
    ["ECONNRESET", "sslmode"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "sslrootcert="],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "sslrootcert="],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "sslrootcert="],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "for another host"],
    ["CERT_HAS_EXPIRED", "renew it"]
  ] as const) {
    it(`B3, B4: says for ${code} what to do, and has no value in it`, () => {
      const advice = adviceFor(failure(code))
      assert.include(advice, words)
      assert.notInclude(advice, "nobody may see")
      assert.strictEqual(adviceFor(failure(code, 3)), advice)
    })
  }

  it("says that a server without TLS has none, and nothing where nothing is known", () => {
    const noTls = failure("", 1, "The server does not support SSL connections")
    assert.include(adviceFor(noTls), "sslmode=disable")
    assert.isUndefined(adviceFor(failure("XX000")))
    assert.isUndefined(adviceFor(failure("28P01", 6)))
  })

  it("is in the page for operators, by each SQLSTATE that asks for something else", () => {
    for (const code of ["28P01", "28000", "3D000", "42501", "53300", "57P03", "25006", "08P01"]) {
      assert.include(operations, code)
    }
  })
})
