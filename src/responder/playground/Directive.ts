import { Effect, Stream } from "effect"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import type { ItemBase } from "../../protocol/Items.ts"
import type * as Answer from "../Answer.ts"
import type { Turn } from "../Turn.ts"
import { CustomStreamError } from "../StreamErrors.ts"

/** A command of the playground: one line of a message that begins with a slash. */
export interface Directive {
  /** The arguments as `/help` shows them. */
  readonly usage: string
  readonly run: (turn: Turn, argument: string) => Answer.Answer
}

/** Directives by name, in the order in which `/help` lists them. */
export type Directives = Readonly<Record<string, Directive>>

/** Tells the person how to use the directive. */
export const usageError = (message: string) =>
  Stream.fail(new CustomStreamError({ message, allow_retry: false }))

export const one = (event: ResponseEventInput): Answer.Answer => Stream.succeed(event)

/** An item that is complete at once. */
export const itemDone = (
  turn: Turn,
  kind: "message" | "task",
  item: (base: ItemBase) => Extract<ResponseEventInput, { readonly item: unknown }>["item"]
): Answer.Answer =>
  Stream.fromEffect(
    Effect.map(turn.newItem(kind), (base) => ({
      type: "thread.item.done" as const,
      item: item(base)
    }))
  )

/** The arguments of a directive, which `|` separates. */
export const argumentsOf = (argument: string) => argument.split("|").map((part) => part.trim())
