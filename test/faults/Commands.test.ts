import { assert, describe, layer } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Exit } from "effect"
import type { SqlClient } from "effect/sql"
import { onDatabase } from "../../src/cli/CommandDatabase.ts"
import { CommandFailed } from "../../src/cli/Exit.ts"
import { UserId } from "../../src/core/User.ts"
import { migrate } from "../../src/postgres/Migrations.ts"
import { exportUserData, removeUserData } from "../../src/postgres/UserData.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import * as Proxy from "../support/faults/Proxy.ts"
import { throughPort } from "../support/faults/ServerBehindProxy.ts"

const ada = UserId.make("ada")

/** A thread of Ada's with an item, and a file with its bytes. */
const adasData = `
  delete from chatkit.threads; delete from chatkit.attachments;
  delete from chatkit.attachment_chunks;
  insert into chatkit.threads (id, user_id, data) values ('thread', 'ada', '{}');
  insert into chatkit.items (thread_id, id, user_id, hidden, pending, data)
    values ('thread', 'item', 'ada', false, false, '{}');
  insert into chatkit.attachments (id, user_id, upload, length, data)
    values ('file', 'ada', 'upload', 3, '{}');
  insert into chatkit.attachment_chunks (upload, n, attachment_id, bytes)
    values ('upload', 0, 'file', '\\x010203')`

/** How many of Ada's rows there are; a file whose bytes are still there counts no more. */
const countRows = `select (select count(*) from chatkit.threads) + (select count(*) from chatkit.items)
  + (select count(*) from chatkit.attachments) as count`

interface Command {
  readonly before: string
  readonly run: Effect.Effect<unknown, unknown, SqlClient.SqlClient>
  readonly count: string
  /** The counts that there may be afterwards: nothing half done. */
  readonly counts: ReadonlyArray<number>
}

const commands: Readonly<Record<string, Command>> = {
  "user export": {
    before: adasData,
    run: exportUserData(ada, () => Effect.void),
    count: countRows,
    counts: [3]
  },
  "user delete": { before: adasData, run: removeUserData(ada), count: countRows, counts: [3, 0] }
}

describe.skipIf(!onRealServer)("a command whose connection ends at any statement", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    for (const fault of ["reset", "close"] as const) {
      it.effect(`G1: says so in its own sentence, and leaves nothing half done: ${fault}`, () =>
        Effect.gen(function* () {
          const { client, exec, url } = yield* TestDatabase
          yield* Effect.provide(migrate, client)
          const target = new URL(url!)
          const { hostname: host, port } = target
          const proxy = yield* Proxy.make({ host, port: Number(port || 5432) })
          const env = { DATABASE_URL: throughPort(target.href, proxy.port) }
          const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

          for (const [name, { before, count, counts, run }] of Object.entries(commands)) {
            let all = Infinity
            for (let number = 1; number <= all; number++) {
              yield* exec(before)
              yield* proxy.faultAt(number, fault)
              const exit = yield* Effect.exit(
                Effect.provide(onDatabase("Not done", "wait")(run), config)
              )
              if (proxy.statements() < number) all = number
              yield* proxy.faultAt(0, fault)
              const what = `${name}, statement ${number}`
              if (number === all) assert.isTrue(Exit.isSuccess(exit), what)
              else assertToldInWords(exit, what)
              const [row] = yield* exec(count)
              assert.include(counts, Number(row?.["count"]), what)
            }
            assert.isAbove(all, 3, name)
          }
        })
      )
    }
  })
})

/** It ended well, or with one sentence; no defect. */
const assertToldInWords = (exit: Exit.Exit<unknown, unknown>, what: string) => {
  if (Exit.isSuccess(exit)) return
  assert.isFalse(Cause.hasDies(exit.cause), `${what}: ${Cause.pretty(exit.cause)}`)
  const error = Cause.squash(exit.cause)
  assert(error instanceof CommandFailed, what)
  assert.match(error.message, /^Not done \(\w+\): [^\n]+\.$/, what)
}
