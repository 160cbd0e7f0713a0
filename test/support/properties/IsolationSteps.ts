import { Schema } from "effect"
import { operationTypes } from "../../../src/protocol/Requests.ts"
import { madeUp, persons, pick, upTo } from "./PropertyServer.ts"

/** Something by its number: one's own, somebody else's, or nobody's. */
const Ref = Schema.Struct({
  of: Schema.Literals(["own", "own", "own", "own", "own", "other", "other", "nobody"]),
  n: upTo(30)
})
type Ref = typeof Ref.Type

/** One request; what its operation has no use for is left alone. */
export const Step = Schema.Struct({
  who: Schema.Literals(persons),
  do: Schema.Literals([
    ...operationTypes,
    "threads.create",
    "threads.add_user_message",
    "threads.add_user_message",
    "attachments.create"
  ]),
  thread: Ref,
  item: Ref,
  file: Ref,
  n: upTo(30)
})
export type Step = typeof Step.Type

const own = { of: "own", n: 0 } as const
const other = { of: "other", n: 0 } as const

/** For each of them a file, a thread that has it, and another; with items of most kinds. */
export const beginning: ReadonlyArray<Step> = persons.flatMap((who) => {
  const step = { who, thread: own, item: own, file: own }
  return [
    { ...step, do: "attachments.create", n: 1 },
    { ...step, do: "threads.create", n: 12 },
    { ...step, do: "threads.create", n: 25 }
  ]
})

/** Each asks for everything that is the other's, and then uses what is their own. */
export const prying: ReadonlyArray<Step> = [
  ...persons.flatMap((who) =>
    operationTypes.flatMap((what) =>
      [other, own].map((thread) => ({ who, do: what, thread, item: other, file: other, n: 3 }))
    )
  ),
  ...persons.flatMap((who) =>
    ["threads.create", "threads.retry_after_item", "threads.add_client_tool_output"].map(
      (what) => ({ who, do: what, thread: own, item: own, file: own, n: 3 })
    )
  )
].filter(({ do: what, thread }) => thread === other || what !== "threads.delete")

/** The ids that one user has received, oldest first. */
export interface Given {
  readonly threads: Set<string>
  readonly files: Set<string>
  readonly items: Map<string, { readonly thread: string; readonly type: string }>
}

const id = (prefixes: string) => `(?:${prefixes})_[0-9a-f]{32}`
export const ids = new RegExp(`\\b${id("thr|msg|tc|wf|tsk|shcx|atc")}`, "g")
const item = new RegExp(
  `"id":"(${id("msg|tc|wf|tsk")})","thread_id":"(${id("thr")})","created_at":"[^"]+","type":"(\\w+)"`,
  "g"
)

export const learn = ({ files, items, threads }: Given, body: string) => {
  for (const [id] of body.matchAll(ids)) {
    if (id.startsWith("thr_")) threads.add(id)
    if (id.startsWith("atc_")) files.add(id)
  }
  for (const [, id = "", thread = "", type = ""] of body.matchAll(item)) {
    items.set(id, { thread, type })
  }
}

/** The text of a message; everything that results from it carries the mark. */
const textOf = (mark: string, n: number) =>
  pick(
    [
      mark,
      `/say ${mark}`,
      `/widget ${mark}\n/widget ${mark} again`,
      `/tool ${mark}|{"key":"${mark}"}`,
      "/structured",
      `/hidden ${mark}\n/say after`,
      `/title ${mark}`,
      `/say one\n/replace ${mark}`,
      "/remove",
      `/task ${mark}\n/workflow\n/image`,
      `/notice info|${mark}\n/effect ${mark}|{}`,
      `/domains ${mark}.example\n/meta ${mark}|${mark}`,
      `/widget ${mark}\n/structured\n/tool ${mark}`
    ],
    n
  )!

/** The type of item that an operation applies to, where it does not apply to every type. */
const wanted: Readonly<Record<string, string>> = {
  "threads.add_structured_input": "structured_input",
  "threads.retry_after_item": "user_message",
  "threads.custom_action": "widget",
  "threads.sync_custom_action": "widget"
}

/** The body of a step; `given` and `others` are what there is to name. */
export const bodyOf = (step: Step, mark: string, given: Given, others: Given) => {
  const choose = ({ n, of }: Ref, prefix: string, from: (given: Given) => Iterable<string>) =>
    (of === "nobody" ? undefined : pick([...from(of === "own" ? given : others)], n)) ??
    madeUp(prefix)
  const { n } = step
  const thread_id = choose(step.thread, "thr", ({ threads }) => threads)
  const item_id = choose(step.item, "msg", ({ items }) => {
    const here = [...items].filter(([, { thread }]) => thread === thread_id)
    const fitting = here.filter(([, { type }]) => n % 4 > 0 && type === wanted[step.do])
    const from = [fitting, here].find((some) => some.length > 0) ?? [...items]
    return from.map(([id]) => id)
  })
  const attachment_id = choose(step.file, "atc", ({ files }) => files)
  const input = {
    content: [{ type: "input_text", text: textOf(mark, n) }],
    attachments: n % 3 === 0 ? [attachment_id] : [],
    inference_options: { model: mark },
    quoted_text: mark
  }
  const page = { limit: n % 7, order: n % 2 === 0 ? "asc" : "desc" }
  const answers = { pick: { values: [mark] }, notes: { values: [mark] } }
  const all: Readonly<Record<string, unknown>> = {
    "threads.get_by_id": { thread_id },
    "threads.list": { ...page, after: n % 3 === 0 ? thread_id : null },
    "threads.update": { thread_id, title: mark },
    "threads.delete": { thread_id },
    "items.list": { thread_id, ...page, after: n % 3 === 0 ? item_id : null },
    "items.feedback": { thread_id, item_ids: [item_id], kind: "positive" },
    "attachments.create": {
      name: mark,
      size: n,
      mime_type: n % 2 === 0 ? "text/plain" : "image/png"
    },
    "attachments.delete": { attachment_id },
    "input.transcribe": { audio_base64: btoa(mark), mime_type: "audio/webm" },
    "threads.create": { input },
    "threads.add_user_message": { thread_id, input },
    "threads.add_client_tool_output": { thread_id, result: { key: mark } },
    "threads.add_structured_input": { thread_id, item_id, input: { answers } },
    "threads.retry_after_item": { thread_id, item_id }
  }
  const action = { type: n % 2 === 0 ? "update" : "press", payload: { key: mark } }
  const params = all[step.do] ?? { thread_id, item_id: n % 5 === 0 ? null : item_id, action }
  return { type: step.do, params }
}
