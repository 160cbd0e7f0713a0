import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { Connections } from "../../../src/postgres/Connections.ts"
import * as Pool from "../../../src/postgres/Pool.ts"

/** Whether silent connections of a pool are dropped: no connection is made for it. */
const watches = (query: string) =>
  Effect.map(
    Layer.build(
      Pool.layer({ url: Redacted.make(`postgres://u:p@127.0.0.1:1/app${query}`), poolSize: 1 })
    ),
    (built) => Context.get(built, Connections).dropIdle !== Connections.defaultValue().dropIdle
  ).pipe(Effect.scoped)

describe("the pool", () => {
  it.effect("watches its connections where nothing is encrypted, and only there", () =>
    Effect.gen(function* () {
      for (const query of ["", "?sslmode=disable", "?pgbouncer=true"]) {
        assert.isTrue(yield* watches(query), query)
      }
      for (const mode of ["prefer", "allow", "require", "no-verify", "verify-full"]) {
        assert.isFalse(yield* watches(`?sslmode=${mode}`), mode)
      }
    })
  )
})
