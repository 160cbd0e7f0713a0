import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { UserId } from "../core/User.ts"
import { migrate } from "../postgres/Migrations.ts"
import { exportUserData, removeUserData } from "../postgres/UserData.ts"
import { onDatabase } from "./CommandDatabase.ts"
import { CommandFailed, reportAndExit } from "./Exit.ts"

const usage = new CommandFailed({
  message:
    "npm run -s user -- export <user id>   writes everything stored about a user as JSON\n" +
    "npm run -s user -- delete <user id>   deletes it permanently"
})

/** Waits until the text has been passed on, so that a slow reader holds up the export. */
const write = (text: string) =>
  Effect.callback<void, CommandFailed>((resume) => {
    process.stdout.write(text, (error) =>
      resume(error ? new CommandFailed({ message: "The reader closed the output." }) : Effect.void)
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

/** Exports or deletes what this server keeps of one user; Better Auth's tables are not changed. */
const program = Effect.gen(function* () {
  const [command, userId, more] = process.argv.slice(2)
  const isCommand = command === "delete" || command === "export"
  if (!isCommand || userId === undefined || userId === "" || more !== undefined) {
    return yield* usage
  }
  // Without a listener a closed pipe ends the process; `write` reports it instead.
  process.stdout.on("error", () => undefined)
  yield* Effect.andThen(migrate, commands[command](UserId.make(userId))).pipe(
    onDatabase("The command failed in the database", "run `npm run migrate` once")
  )
})

NodeRuntime.runMain(program, reportAndExit)
