import { Context, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** The client that only authentication uses; undefined where the database has one connection. */
export const AuthenticationClient = Context.Reference<SqlClient.SqlClient | undefined>(
  "effect-chatkit/postgres/AuthenticationClient",
  { defaultValue: () => undefined }
)

/**
 * The client that reads Better Auth's tables. Turns and uploads that keep the other connections
 * busy cannot delay authentication.
 */
export const authenticationSql = Effect.gen(function* () {
  const shared = yield* SqlClient.SqlClient
  return (yield* AuthenticationClient) ?? shared
})
