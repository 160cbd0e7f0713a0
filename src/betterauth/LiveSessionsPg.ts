import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { LiveSessions } from "../auth/LiveSessions.ts"
import { liveParameter, liveStatement, livesOf } from "./LiveSessionsStatement.ts"
import { lookup } from "./Lookups.ts"

/** `LiveSessions` from Better Auth's own tables. Links never take the connections of authentication. */
export const LiveSessionsPg = Layer.effect(
  LiveSessions,
  Effect.gen(function* () {
    const find = yield* lookup(yield* SqlClient.SqlClient, {
      operation: "LiveSessions.isLive",
      text: liveStatement,
      parameter: liveParameter,
      answers: livesOf
    })
    return { isLive: (query) => Effect.map(find(query), (found) => found === true) }
  })
)
