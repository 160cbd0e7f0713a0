import { Cause, Exit, Runtime, Schema } from "effect"
import type { HttpServerError } from "effect/http"
import type { EmbeddedUnavailable } from "../dev/Pglite.ts"
import type { BadResponder } from "../responder/Load.ts"
import type { BadSettings } from "../settings/Settings.ts"

/** A command cannot do what it was asked to do; the message says what to do instead. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  message: Schema.String
}) {}

type Explained =
  BadResponder | BadSettings | CommandFailed | EmbeddedUnavailable | HttpServerError.ServeError

const explained: ReadonlySet<string> = new Set<Explained["_tag"]>([
  "BadResponder",
  "BadSettings",
  "CommandFailed",
  "EmbeddedUnavailable",
  "ServeError"
])

/** Whether the message says what to do, so that a stack trace would only be in the way. */
export const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && "_tag" in error && explained.has(String(error._tag))

/**
 * For `runMain`: prints why the process ends, and exits with 1 for a failure. Being stopped by a
 * signal is a success, which Effect itself ends with 130.
 */
export const reportAndExit = {
  disableErrorReporting: true,
  teardown: <E, A>(exit: Exit.Exit<E, A>, done: (code: number) => void) => {
    if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
      const error = Cause.squash(exit.cause)
      console.error(isExplained(error) ? messageOf(error) : Cause.pretty(exit.cause))
    }
    Runtime.defaultTeardown(exit, (code) => done(code === 130 ? 0 : code))
  }
}

/** The message of Effect's `ServeError` is empty; its cause names the address. */
const messageOf = (error: Explained): string =>
  error._tag === "ServeError"
    ? `The server cannot listen there (${error.cause instanceof Error ? error.cause.message : error.cause}): set HOST and PORT.`
    : error.message
