import { Result, Schema, Stream } from "effect"
import { type IconName, isIconName } from "../../protocol/Icons.ts"
import * as Answer from "../Answer.ts"
import { argumentsOf, type Directives, one, usageError } from "./Directive.ts"

const object = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
)

/** Parses `NAME|JSON`. The JSON may contain the separator. */
const withJson = (
  name: string,
  argument: string,
  use: (name: string, data: { readonly [key: string]: Schema.Json }) => Answer.Answer
): Answer.Answer => {
  const [, first = "", json = "{}"] = /^([^|]*)(?:\|([\s\S]*))?$/.exec(argument) ?? []
  const data = object(json.trim() === "" ? "{}" : json)
  return Result.isSuccess(data)
    ? use(first.trim(), data.success)
    : usageError(`/${name} wants NAME|JSON, where JSON is an object`)
}

const levels = ["info", "warning", "danger"] as const

/** Answers with a text, and messages to the client beside the thread. */
export const clientDirectives: Directives = {
  say: { usage: "TEXT", run: Answer.say },
  partial: { usage: "TEXT", run: Answer.sayPartly },
  pause: { usage: "", run: () => Stream.never },
  progress: {
    usage: "ICON|TEXT",
    run: (_, argument) => {
      const [icon = "", message = ""] = argumentsOf(argument)
      return icon !== "" && !isIconName(icon)
        ? usageError("/progress wants the name of an icon, as in /progress search|Looking")
        : one({
            type: "progress_update",
            ...(icon === "" ? {} : { icon: icon as IconName }),
            text: message
          })
    }
  },
  notice: {
    usage: "LEVEL|MESSAGE|TITLE",
    run: (_, argument) => {
      const [word = "", message = "", title = ""] = argumentsOf(argument)
      const level = levels.find((level) => level === word)
      return level === undefined
        ? usageError(`/notice wants one of ${levels.join(", ")} first`)
        : one({ type: "notice", level, message, ...(title === "" ? {} : { title }) })
    }
  },
  effect: {
    usage: "NAME|JSON",
    run: (_, argument) =>
      withJson("effect", argument, (name, data) => one({ type: "client_effect", name, data }))
  },
  tool: {
    usage: "NAME|JSON",
    run: (turn, argument) =>
      withJson("tool", argument, (name, data) =>
        Answer.clientToolCall(turn, { name, arguments: data, call_id: "call_1" })
      )
  }
}
