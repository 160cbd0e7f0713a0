import { Stream } from "effect"
import { CustomStreamError, StreamError } from "../StreamErrors.ts"
import { argumentsOf, type Directives, one } from "./Directive.ts"

/** Ends the answer with an error: as an event, or as a failure of the responder. */
export const errorDirectives: Directives = {
  error_event: {
    usage: "MESSAGE",
    run: (_, message) => one({ type: "error", code: "custom", message, allow_retry: false })
  },
  raise: { usage: "MESSAGE", run: (_, message) => Stream.fail(new Error(message)) },
  raise_stream_error: {
    usage: "",
    run: () => Stream.fail(new StreamError({ code: "stream.error", allow_retry: true }))
  },
  raise_custom_error: {
    usage: "MESSAGE|retry",
    run: (_, argument) => {
      const [message = "", retry = ""] = argumentsOf(argument)
      return Stream.fail(new CustomStreamError({ message, allow_retry: retry === "retry" }))
    }
  }
}
