import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { seed } from "./Demo.ts"
import { dataDirectory, type DevKeys } from "./DevKeys.ts"
import { EmbeddedUnavailable, pglite } from "./Pglite.ts"

/** The embedded database of development in `.data/`, with the demo people in it. */
export const layer = (keys: DevKeys) =>
  Layer.unwrap(
    Effect.gen(function* () {
      yield* exclusively
      const { client, db } = yield* pglite(join(dataDirectory, "postgres"))
      yield* Effect.promise(() => db.exec(seed(keys)))
      return client
    })
  )

/** A lock file, because two processes on one data directory would destroy it. */
const exclusively = Effect.acquireRelease(
  Effect.suspend(() => {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
    // A process that was killed left its lock behind: take it over.
    if (lock() || (!isAlive(ownerOf(lockFile)) && unlock() && lock())) return Effect.void
    return new EmbeddedUnavailable({
      message: `Another server (process ${ownerOf(lockFile)}) uses the embedded database in ${dataDirectory}/: stop it, or set DATABASE_URL. If that process is something else, delete ${lockFile}.`
    })
  }),
  () => Effect.sync(unlock)
)

const lockFile = join(dataDirectory, "lock")

const lock = (): boolean => {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" })
    return true
  } catch {
    return false
  }
}

const unlock = (): boolean => {
  rmSync(lockFile, { force: true })
  return true
}

const ownerOf = (file: string): number => {
  try {
    return Number(readFileSync(file, "utf8"))
  } catch {
    return 0
  }
}

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
