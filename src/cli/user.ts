import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Predicate } from "effect"
import * as Database from "../postgres/Pool.ts"
import { migrate, stateOf } from "../postgres/Migrations.ts"
import { exportUserData, removeUserData } from "../postgres/UserData.ts"
import { UserId } from "../core/User.ts"
import { reportAndExit, Usage } from "./Exit.ts"
import { Settings } from "../settings/Settings.ts"

const usage = new Usage({
  message:
    "npm run -s user -- export <user id>   writes all that is kept of a user as JSON\n" +
    "npm run -s user -- delete <user id>   removes it for good"
})

/** Waits until the text is on its way, so that a slow reader is not drowned. */
const write = (text: string) =>
  Effect.callback<void, Usage>((resume) => {
    process.stdout.write(text, (error) =>
      resume(error ? new Usage({ message: "Nobody reads the output any more." }) : Effect.void)
    )
  })

const remove = Effect.fnUntraced(function* (userId: UserId) {
  const { attachments, bytes, items, threads } = yield* removeUserData(userId)
  yield* Console.log(
    `Deleted: threads ${threads}, items ${items}, attachments ${attachments} (${bytes} bytes).`
  )
})

const commands = {
  delete: remove,
  export: (userId: UserId) => exportUserData(userId, write)
}

const database = Effect.gen(function* () {
  const settings = yield* Settings
  if (settings.databaseUrl !== undefined) {
    return Database.layer({ url: settings.databaseUrl, poolSize: 1 })
  }
  const { Development } = yield* Effect.promise(() => import("../dev/Development.ts"))
  return (yield* Development(settings)).database
}).pipe(Effect.provide(Settings.layer))

const saysItself = Predicate.or(
  Predicate.isTagged("Usage"),
  Predicate.isTagged("EmbeddedUnavailable")
)

/** What is kept of one user here, for them or for nobody any more; Better Auth's tables stay. */
const program = Effect.gen(function* () {
  const [command, userId, more] = process.argv.slice(2)
  const isCommand = command === "delete" || command === "export"
  if (!isCommand || userId === undefined || userId === "" || more !== undefined) {
    return yield* usage
  }
  // A reader that has gone is reported where it is met.
  process.stdout.on("error", () => undefined)
  const work = Effect.andThen(migrate, commands[command](UserId.make(userId)))
  yield* work.pipe(
    Effect.provide(yield* database),
    Effect.mapError((error) =>
      saysItself(error)
        ? error
        : new Usage({
            message: `The database did not do it (${stateOf(Cause.fail(error))}): check that PostgreSQL answers at DATABASE_URL, and run \`npm run migrate\` once.`
          })
    )
  )
})

NodeRuntime.runMain(program, reportAndExit)
