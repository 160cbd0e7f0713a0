import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { type Conversation, itemOf, type Wire } from "./ConversationModel.ts"
import type { World } from "./PerformCommand.ts"
import { PropertyServer } from "./PropertyServer.ts"

interface Page {
  readonly data: ReadonlyArray<Wire>
  readonly has_more: boolean
  readonly after?: string
}

const ask = Effect.fnUntraced(function* (type: string, params: object) {
  const answer = yield* (yield* PropertyServer).ask("ada", { type, params })
  assert.strictEqual(answer.status, 200, `${type} ${answer.body}`)
  assert.notInclude(answer.body, "hidden_context")
  return JSON.parse(answer.body)
})

/** A list as it is read page by page, in one order; all pages but the last are full. */
const walk = Effect.fnUntraced(function* (
  type: string,
  params: object,
  limit: number | null,
  order: "asc" | "desc"
) {
  const all: Array<Wire> = []
  let after: string | undefined
  do {
    const page: Page = yield* ask(type, { ...params, limit, order, after: after ?? null })
    const ids = page.data.map(({ id }) => id)
    assert.strictEqual(page.after, page.has_more ? ids.at(-1) : undefined)
    if (page.has_more) assert.lengthOf(ids, limit === null || limit === 0 ? 20 : limit)
    else assert.isTrue(after === undefined || ids.length > 0)
    all.push(...page.data)
    ;({ after } = page)
  } while (after !== undefined)
  return order === "asc" ? all : all.toReversed()
})

const seenOf = (thread: Wire) => ({
  id: thread.id,
  ...("title" in thread ? { title: thread["title"] as unknown } : {}),
  status: thread["status"] as unknown,
  metadata: thread["metadata"] as unknown
})

const asSeen = ({ id, status, title }: Conversation) => ({
  id,
  ...(title === undefined ? {} : { title }),
  status,
  metadata: {}
})

/** One thread is as it has to be, however it is read. */
export const seeThread = Effect.fnUntraced(function* (
  thread: Conversation,
  limit: number | null,
  orders: ReadonlyArray<"asc" | "desc">
) {
  for (const order of orders) {
    const items = yield* walk("items.list", { thread_id: thread.id }, limit, order)
    assert.deepStrictEqual(items.map(itemOf), thread.items, JSON.stringify(thread))
    for (const { thread_id } of items) assert.strictEqual(thread_id, thread.id)
  }
  const got: Wire = yield* ask("threads.get_by_id", { thread_id: thread.id })
  assert.deepStrictEqual(seenOf(got), asSeen(thread))
  const { data, ...rest }: Page = got["items"]
  assert.deepStrictEqual(data.map(itemOf), thread.items.slice(0, 20))
  assert.deepStrictEqual(
    rest,
    thread.items.length > 20 ? { has_more: true, after: thread.items[19]!.id } : { has_more: false }
  )
})

/** Everything is as it has to be, and nothing is to be seen of what is hidden or gone. */
export const seeAll = Effect.fnUntraced(function* ({ gone, threads }: World, limit: number) {
  const server = yield* PropertyServer
  for (const order of ["asc", "desc"] as const) {
    const listed = yield* walk("threads.list", {}, limit, order)
    assert.deepStrictEqual(listed.map(seenOf), threads.map(asSeen))
    for (const thread of listed) {
      assert.deepStrictEqual(thread["items"], { data: [], has_more: false })
    }
  }
  for (const thread of threads) yield* seeThread(thread, limit, ["asc", "desc"])
  for (const thread_id of gone) {
    assert.deepEqual(yield* ask("items.list", { thread_id }), { data: [], has_more: false })
    const answer = yield* server.ask("ada", { type: "threads.get_by_id", params: { thread_id } })
    assert.strictEqual(answer.status, 404)
  }
  const hidden = yield* server.exec("select thread_id, id from chatkit.items where hidden")
  for (const { id: after, thread_id } of hidden) {
    const answer = yield* server.ask("ada", { type: "items.list", params: { thread_id, after } })
    assert.strictEqual(answer.status, 404)
  }
})
