import { Context, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Connections that authentication alone uses, where the database can have more than one. */
export const AuthenticationClient = Context.Reference<SqlClient.SqlClient | undefined>(
  "effect-chatkit/postgres/AuthenticationClient",
  { defaultValue: () => undefined }
)

/**
 * What reads Better Auth's tables. However many turns and uploads keep the other connections busy,
 * who is asking can still be found out.
 */
export const authenticationSql = Effect.gen(function* () {
  const shared = yield* SqlClient.SqlClient
  return (yield* AuthenticationClient) ?? shared
})
