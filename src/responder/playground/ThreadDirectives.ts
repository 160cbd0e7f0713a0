import { Stream } from "effect"
import type * as Answer from "../Answer.ts"
import type { Turn } from "../Turn.ts"
import { argumentsOf, type Directives, usageError } from "./Directive.ts"

const changing = (turn: Turn, change: Parameters<Turn["updateThread"]>[0]): Answer.Answer =>
  Stream.fromEffectDrain(turn.updateThread(change))

/** Changes the thread itself. */
export const threadDirectives: Directives = {
  title: {
    usage: "TITLE",
    run: (turn, title) => changing(turn, (thread) => ({ ...thread, title }))
  },
  status: {
    usage: "KIND|REASON",
    run: (turn, argument) => {
      const [type = "", reason = ""] = argumentsOf(argument)
      return type === "active"
        ? changing(turn, (thread) => ({ ...thread, status: { type } }))
        : type === "locked" || type === "closed"
          ? changing(turn, (thread) => ({
              ...thread,
              status: { type, ...(reason === "" ? {} : { reason }) }
            }))
          : usageError("/status wants one of active, locked, closed first")
    }
  },
  domains: {
    usage: "A,B",
    run: (turn, argument) =>
      changing(turn, (thread) => ({
        ...thread,
        allowed_image_domains: argument
          .split(",")
          .map((domain) => domain.trim())
          .filter((domain) => domain !== "")
      }))
  },
  meta: {
    usage: "KEY|VALUE",
    run: (turn, argument) => {
      const [key = "", value = ""] = argumentsOf(argument)
      return changing(turn, (thread) => ({
        ...thread,
        metadata: { ...thread.metadata, [key]: value }
      }))
    }
  }
}
