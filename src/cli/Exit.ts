import { Cause, Exit, Runtime, Schema } from "effect"

/** A command cannot do what it was asked; the message says what to do instead. */
export class Usage extends Schema.TaggedError<Usage>()("Usage", { message: Schema.String }) {}

/**
 * How the process ends: told to stop is a success, and a start that cannot work says why in one
 * message, not in a stack trace.
 */
export const reportAndExit = {
  disableErrorReporting: true,
  teardown: <E, A>(exit: Exit.Exit<E, A>, done: (code: number) => void) => {
    if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
      const error = Cause.squash(exit.cause)
      console.error(isExpected(error) ? messageOf(error) : Cause.pretty(exit.cause))
    }
    Runtime.defaultTeardown(exit, (code) => done(code === 130 ? 0 : code))
  }
}

/** The platform's `ServeError` says nothing itself; its cause names the address. */
const messageOf = (error: Error): string =>
  error.message === "" && error.cause instanceof Error
    ? `The server cannot listen there (${error.cause.message}): set HOST and PORT.`
    : error.message

const expected = ["BadSettings", "EmbeddedUnavailable", "ServeError", "Usage"]

const isExpected = (error: unknown): error is Error =>
  error instanceof Error && "_tag" in error && expected.includes(String(error._tag))
