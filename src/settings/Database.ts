import { Redacted } from "effect"
import { integer, type Setting } from "./Setting.ts"

const databaseUrl: Setting<Redacted.Redacted | undefined> = {
  name: "DATABASE_URL",
  read: (text, { problem, production }) => {
    if (text === undefined) {
      return production
        ? problem(
            "set the PostgreSQL database that Better Auth uses, as postgres://user:password@host:5432/name"
          )
        : undefined
    }
    const url = URL.parse(text)
    return url !== null && /^postgres(ql)?:$/.test(url.protocol)
      ? Redacted.make(text)
      : problem("set a URL of the form postgres://user:password@host:5432/name")
  }
}

export const database = {
  /** Undefined means the embedded database, which exists in development only. */
  databaseUrl,
  databasePoolSize: integer("DATABASE_POOL_SIZE", 10, { min: 1, max: 100 })
}
