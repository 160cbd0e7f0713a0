import { assert } from "@effect/vitest"

/** The visible parts of an item, in a few words. */
export interface Item {
  readonly id: string
  readonly type: string
  readonly text: string
}

export interface Conversation {
  readonly id: string
  title?: string
  status: { readonly type: string; readonly reason?: string }
  /** The visible ones. */
  items: ReadonlyArray<Item>
}

/** An item as it comes from the server. */
export type Wire = Record<string, any> & { readonly id: string; readonly type: string }

const texts = (parts: ReadonlyArray<{ text: string }>) => parts.map(({ text }) => text).join(" ")

const wordsOf = (item: Wire): string => {
  switch (item.type) {
    case "user_message":
    case "assistant_message":
      return texts(item["content"])
    case "widget":
      return `${item["widget"].children[0].value} (${item["copy_text"]})`
    case "client_tool_call":
      return `${item["name"]} ${item["status"]} ${JSON.stringify(item["output"])}`
    case "structured_input": {
      const inputs: ReadonlyArray<Record<string, unknown>> = item["inputs"]
      const answers = inputs.map(({ answer }) => answer ?? null)
      return `${item["status"]} ${JSON.stringify(answers)}`
    }
    default:
      return assert.fail(`a ${item.type} is to be seen`)
  }
}

export const itemOf = (item: Wire): Item => ({
  id: item.id,
  type: item.type,
  text: wordsOf(item)
})

/** The changes to items that a stream reports. */
export type Told = readonly [event: string, item: Item | string]

export const toldBy = (events: ReadonlyArray<Record<string, unknown>>): ReadonlyArray<Told> =>
  events.flatMap((event): ReadonlyArray<Told> => {
    switch (event["type"]) {
      case "thread.item.done":
      case "thread.item.replaced":
        return [[event["type"], itemOf(event["item"] as Wire)]]
      case "thread.item.removed":
        return [[event["type"], event["item_id"] as string]]
      default:
        return []
    }
  })

const pendingTool = / pending undefined$/
export const isPending = ({ text, type }: Item) =>
  type === "client_tool_call" ? pendingTool.test(text) : text.startsWith("pending ")

export const completed = (call: Item, output: unknown): Item => ({
  ...call,
  text: call.text.replace(
    pendingTool,
    () => ` completed ${JSON.stringify(output === null ? undefined : output)}`
  )
})

/** Every item an answer began, in order. */
export const idsIn = (events: ReadonlyArray<Record<string, unknown>>): ReadonlyArray<string> => [
  ...new Set(
    events.flatMap(({ item, type }) =>
      type === "thread.item.added" || type === "thread.item.done" ? [(item as Wire).id] : []
    )
  )
]

/** One answer of the playground. Ids are the server's to make: they are taken as they came. */
export class Answering {
  /** The changes that the stream has to report. */
  readonly told: Array<Told> = []
  readonly #thread: Conversation
  readonly #ids: Array<string>
  #upTo: string | undefined
  #unsaved: Partial<Conversation> = {}
  /** Messages that have begun and are not done. */
  readonly #begun: Array<Item> = []

  constructor(thread: Conversation, ids: ReadonlyArray<string>, upTo?: string) {
    this.#thread = thread
    this.#upTo = upTo
    this.#ids = [...ids]
  }

  /** The items the answer builds on: a retried message is the last, until something is stored. */
  get #history() {
    const { items } = this.#thread
    return items.slice(0, items.findIndex(({ id }) => id === this.#upTo) + 1 || items.length)
  }

  #store(change: (items: ReadonlyArray<Item>) => ReadonlyArray<Item>) {
    this.#thread.items = change(this.#history)
    this.#upTo = undefined
    this.#happen()
  }

  /** With each event, what has changed of the thread is stored. */
  #happen() {
    Object.assign(this.#thread, this.#unsaved)
  }

  #begin = (type: string, text: string): Item => ({ id: this.#ids.shift() ?? "none", type, text })

  say(text: string, type = "assistant_message") {
    const item = this.#begin(type, text)
    this.told.push(["thread.item.done", item])
    this.#store((items) => [...items, item])
  }

  replace(item: Item) {
    this.told.push(["thread.item.replaced", item])
    this.#store((items) => items.map((old) => (old.id === item.id ? item : old)))
  }

  #remove(item: Item) {
    this.told.push(["thread.item.removed", item.id])
    this.#thread.items = this.#thread.items.filter(({ id }) => id !== item.id)
    this.#happen()
  }

  respond(text: string) {
    const lines = text.startsWith("/") ? text.split("\n") : [text]
    const last = lines.find((line) => !this.#follow(line))
    // What was read is kept, however the answer ends.
    if (this.#begun.length > 0) {
      this.#store((items) => [...items, ...this.#begun])
    } else if (last !== "/pause") this.#happen()
  }

  /** Whether the answer goes on after this line. */
  #follow(line: string): boolean {
    const [, name = "", argument = ""] = /^\/(\S+) ?(.*)$/.exec(line) ?? []
    const newest = this.#history.findLast(({ type }) => type === "assistant_message")
    switch (name) {
      case "":
        this.say(`Echo: ${line}`)
        break
      case "say":
        this.say(argument)
        break
      case "widget":
        this.say(`${argument} (${argument})`, "widget")
        break
      case "tool":
        this.say(`${argument} pending undefined`, "client_tool_call")
        break
      case "structured":
        this.say("pending [null,null]", "structured_input")
        break
      case "hidden":
        this.#store((items) => items)
        break
      case "partial":
        this.#begun.push(this.#begin("assistant_message", argument))
        this.#happen()
        break
      case "notice":
        this.#happen()
        break
      case "replace":
        if (newest !== undefined) this.replace({ ...newest, text: argument })
        break
      case "remove":
        if (newest !== undefined) this.#remove(newest)
        break
      case "title":
        this.#unsaved = { ...this.#unsaved, title: argument }
        break
      case "status": {
        const [type = "", reason] = argument.split("|")
        const status = { type, ...(reason === undefined ? {} : { reason }) }
        this.#unsaved = { ...this.#unsaved, status }
        break
      }
      case "meta":
        break
      default:
        return false
    }
    return true
  }
}
