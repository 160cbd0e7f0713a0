import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { answered, document, inputOf, messageIn, refused, stream } from "./ModelRequests.ts"
import { type Command, messageOf, outputs, submissions } from "./Commands.ts"
import {
  type Answering,
  completed,
  type Conversation,
  isPending,
  type Item,
  itemOf,
  type Wire
} from "./ConversationModel.ts"
import { madeUp, pick } from "./PropertyServer.ts"

/** The threads that one user has to have. */
export interface World {
  /** Oldest first. */
  threads: ReadonlyArray<Conversation>
  readonly gone: Array<string>
}

const nobody: Item = { id: madeUp("msg"), type: "", text: "" }

const shownAs = (widget: Item, words: string): Item => ({
  ...widget,
  text: widget.text.replace(/^.* (?=\()/s, () => `${words} `)
})

/** A turn in a thread: what is asked, whether it fits, and what has to become of the thread. */
interface Turn {
  readonly type: string
  readonly params: object
  readonly item?: Item
  readonly fits?: boolean
  readonly upTo?: string
  readonly run: (
    answering: Answering,
    thread: Conversation,
    opening: ReadonlyArray<Record<string, unknown>>
  ) => void
}

/** Of the items, more often one that fits than one that does not. */
const choose = (
  { item, n }: Command,
  items: ReadonlyArray<Item>,
  type: string,
  fits = (item: Item) => item.type === type
): Item => pick(n % 4 === 0 ? [...items, nobody] : items.filter(fits), item) ?? nobody

const turnOf = (command: Command, items: ReadonlyArray<Item>): Turn | undefined => {
  const { n } = command
  switch (command.do) {
    case "chat":
    case "add": {
      const text = messageOf(command)
      return {
        type: "threads.add_user_message",
        params: { input: inputOf(text) },
        run: (answering, thread, opening) => {
          thread.items = [...thread.items, messageIn(opening, text)]
          answering.respond(text)
        }
      }
    }
    case "retry": {
      const item = choose(command, items, "user_message")
      return {
        type: "threads.retry_after_item",
        params: { item_id: item.id },
        item,
        fits: item.type === "user_message",
        upTo: item.id,
        run: (answering) => answering.respond(item.text)
      }
    }
    case "output": {
      const calls = items.filter((item) => item.type === "client_tool_call" && isPending(item))
      const call = calls.at(-1)
      const result = outputs[n % outputs.length]
      return {
        type: "threads.add_client_tool_output",
        params: { result },
        fits: call !== undefined,
        run: (answering, thread) => {
          thread.items = items
            .filter((item) => item === call || !calls.includes(item))
            .map((item) => (item === call ? completed(item, result) : item))
          answering.say("resumed")
        }
      }
    }
    case "answer": {
      const item = choose(command, items, "structured_input")
      const [input, text] = pick(submissions, n)!
      return {
        type: "threads.add_structured_input",
        params: { item_id: item.id, input },
        item,
        fits: item.type === "structured_input" && isPending(item),
        run: (answering) => {
          answering.replace({ ...item, text })
          answering.say("resumed")
        }
      }
    }
    case "press": {
      const sender = n === 1 ? undefined : choose(command, items, "widget")
      const action = pick(
        [{ type: "boom" }, { type: "press", payload: [1] }, { type: "update" }],
        n
      )!
      return {
        type: "threads.custom_action",
        params: { item_id: sender?.id ?? null, action },
        ...(sender === undefined ? {} : { item: sender, fits: sender.type === "widget" }),
        run: (answering, thread) => {
          if (action.type === "press") answering.say("action press [1]")
          if (action.type !== "update") return
          thread.items = items.map((item) => (item === sender ? shownAs(item, "updated") : item))
        }
      }
    }
    default:
      return undefined
  }
}

const take = Effect.fnUntraced(function* (
  thread_id: string,
  thread: Conversation | undefined,
  { fits = true, item, params, run, type, upTo }: Turn
) {
  const all = { thread_id, ...params }
  if (thread === undefined) return yield* refused(type, all, 404)
  if (thread.status.type !== "active") return yield* refused(type, all, 409)
  if (item === nobody) return yield* refused(type, all, 404)
  if (!fits) return yield* refused(type, all, 409)
  const { events, opening } = yield* stream(type, all)
  yield* answered(thread, events, (answering) => run(answering, thread, opening), upTo)
})

const create = Effect.fnUntraced(function* (world: World, text: string) {
  const { events, opening } = yield* stream("threads.create", { input: inputOf(text) })
  const { id, status } = opening[0]!["thread"] as Conversation
  const thread: Conversation = { id, status, items: [messageIn(opening, text)] }
  world.threads = [...world.threads, thread]
  yield* answered(thread, events, (answering) => answering.respond(text))
  return thread
})

/** Does it, has the world change as it has to, and gives the thread that was meant. */
export const perform = Effect.fnUntraced(function* (world: World, command: Command) {
  const { n, words: title } = command
  const threads = world.threads.map(({ id }) => id)
  const thread_id = pick(n % 6 === 5 ? [...threads, ...world.gone] : threads, command.thread)
  if (command.do === "create" || thread_id === undefined) {
    return yield* create(world, messageOf(command))
  }
  const thread = world.threads.find(({ id }) => id === thread_id)
  const items = thread?.items ?? []
  const turn = turnOf(command, items)
  if (turn !== undefined) yield* take(thread_id, thread, turn)
  if (command.do === "delete") {
    world.threads = world.threads.filter((other) => other !== thread)
    world.gone.push(thread_id)
    assert.deepEqual(yield* document("threads.delete", { thread_id }), {})
    return undefined
  }
  if (command.do === "rename") {
    if (thread === undefined) yield* refused("threads.update", { thread_id, title }, 404)
    else {
      thread.title = title
      const updated = yield* document("threads.update", { thread_id, title })
      assert.strictEqual(updated["title"], title)
    }
  }
  if (command.do === "feedback") {
    const params = { thread_id, item_ids: [nobody.id], kind: "negative" }
    if (thread === undefined) yield* refused("items.feedback", params, 404)
    else assert.deepEqual(yield* document("items.feedback", params), {})
  }
  if (command.do === "sync") {
    const item = choose(command, items, "widget")
    const params = { thread_id, item_id: item.id, action: { type: "press" } }
    const type = "threads.sync_custom_action"
    if (item.type !== "widget") yield* refused(type, params, item === nobody ? 404 : 409)
    else {
      const { updated_item } = yield* document(type, params)
      assert.deepStrictEqual(itemOf(updated_item as Wire), shownAs(item, "synced"))
    }
  }
  return thread
})
