import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../../src/responder/Answer.ts"
import type { MessageTurn } from "../../../src/responder/Turn.ts"
import { eventually } from "../../support/Eventually.ts"
import { freshDatabase } from "../../support/faults/ServerBehindProxy.ts"
import { type Event, openStream, openUnread, threadOf } from "../../support/StreamClient.ts"
import { gate, holdGate } from "../../support/faults/Locks.ts"
import { endlessResponder, long } from "../../support/faults/EndlessResponder.ts"
import {
  assistant,
  note,
  released,
  scripted,
  stored,
  threadIds,
  user
} from "../../support/faults/StoredTurns.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import { ask, eventsOf } from "../../support/Client.ts"
import { forgiving, start } from "../../support/Server.ts"

/** A server on an empty database whose responder knows these messages besides the playground's. */
const server = Effect.fnUntraced(function* (
  script: Readonly<Record<string, (turn: MessageTurn) => Answer.Answer>> = {}
) {
  const { database, token } = yield* freshDatabase
  const responder = scripted(script)
  const { logs, url } = yield* start(database.client, {}, forgiving, responder.layer)
  // The first request makes the tables.
  yield* ask(url, token)

  /** The turn is over and has left this behind, and the next one has nothing to wait for. */
  const leftBehind = Effect.fnUntraced(function* (
    threadId: string,
    items: ReadonlyArray<readonly [string, string]>
  ) {
    yield* released
    assert.strictEqual(responder.open(), 0)
    assert.deepStrictEqual(yield* stored(threadId), items)
    const next = yield* ask(url, token, { message: "/say Next", thread_id: threadId })
    assert.strictEqual(next.status, 200, next.body)
    assert.strictEqual(eventsOf(next).at(-1)?.["type"], "thread.item.done")
    assert.deepStrictEqual(yield* stored(threadId), [
      ...items,
      user("/say Next"),
      assistant("Next")
    ])
    assert.deepStrictEqual(
      logs.filter((line) => /turn failed|not kept|not settled|defect/.test(line)),
      []
    )
  })
  return { database, leftBehind, responder, token, url }
})

const deltas = (events: ReadonlyArray<Event>) =>
  events.map(({ update }) => (update as { readonly delta?: string } | undefined)?.delta ?? "")

/** Begins an item of each kind that has no text worth keeping, and goes no further. */
const beginning = (turn: MessageTurn): Answer.Answer =>
  Stream.unwrap(
    Effect.gen(function* () {
      const base = yield* turn.newItem("message")
      return Stream.make(
        {
          type: "thread.item.added" as const,
          item: {
            ...base,
            type: "widget" as const,
            widget: { type: "Card" as const, children: [{ type: "Text" as const, value: "Half" }] }
          }
        },
        {
          type: "thread.item.added" as const,
          item: {
            ...(yield* turn.newItem("workflow")),
            type: "workflow" as const,
            workflow: {
              type: "custom" as const,
              tasks: [{ type: "custom" as const, title: "Half" }],
              expanded: false
            }
          }
        },
        {
          type: "thread.item.added" as const,
          item: { ...(yield* turn.newItem("message")), type: "generated_image" as const }
        },
        { type: "progress_update" as const, text: "All begun" }
      ).pipe(Stream.concat(Stream.never))
    })
  )

layer(TestDatabase.layer, { excludeTestServices: true })("a client that hangs up", (it) => {
  it.effect("while the responder waits keeps what was said so far", () =>
    Effect.gen(function* () {
      const { leftBehind, token, url } = yield* server()
      const message = "/partial Hello there\n/pause"
      const client = yield* openStream(url, token, { message })
      yield* client.hears(`"delta":" there"`)
      yield* client.leave
      yield* leftBehind(threadOf(client.heard()), [user(message), assistant("Hello there"), note])
    })
  )

  it.effect("in the middle of a word keeps no less than it has heard", () =>
    Effect.gen(function* () {
      const endless = (turn: MessageTurn) =>
        Answer.streamText(turn, Stream.forever(Stream.make("round ", "and ")))
      const { leftBehind, responder, token, url } = yield* server({ endless })
      const client = yield* openStream(url, token, { message: "endless" })
      yield* client.hears(`"delta":"and "`)
      const heard = deltas(client.heard()).join("")
      yield* client.leave
      yield* released
      assert.strictEqual(responder.open(), 0)
      const id = threadOf(client.heard())
      const [, [, kept] = ["", ""]] = yield* stored(id)
      assert.isTrue(kept.startsWith(heard))
      assert.match(kept, /^(round and )*(round )?$/)
      yield* leftBehind(id, [user("endless"), assistant(kept), note])
    })
  )

  it.effect("while the server waits for it to read keeps all that the responder has said", () =>
    Effect.gen(function* () {
      const { heldUp, loud, said } = endlessResponder()
      const { leftBehind, token, url } = yield* server({ loud })
      const client = yield* openStream(url, token, { message: "loud" }, { deaf: true })
      yield* heldUp
      yield* client.leave
      yield* released
      const [id = ""] = yield* threadIds
      const texts = (yield* stored(id)).slice(1, -1).map(([, text]) => text)
      const kept = texts.join("").length
      assert.strictEqual(kept % long.length, 0)
      assert.isAtMost(said() - kept / long.length, 1)
      yield* leftBehind(id, [user("loud"), ...texts.map(assistant), note])
    })
  )

  it.effect("E7: between the halves of an emoji keeps whole characters only", () =>
    Effect.gen(function* () {
      const halved = (turn: MessageTurn) =>
        Answer.streamText(turn, Stream.concat(Stream.make("Hi ", "\ud83d"), Stream.never))
      const { leftBehind, token, url } = yield* server({ halved })
      const client = yield* openStream(url, token, { message: "halved" })
      yield* client.hears(`"delta":"\\ud83d"`)
      yield* client.leave
      const kept = assistant("Hi \ufffd")
      yield* leftBehind(threadOf(client.heard()), [user("halved"), kept, note])
    })
  )

  it.effect("before it has read a byte leaves the note", () =>
    Effect.gen(function* () {
      const { leftBehind, responder, token, url } = yield* server()
      const client = yield* openUnread(url, token, { message: "/pause" })
      yield* eventually(Effect.sync(responder.begun), (begun) => begun === 1)
      yield* client.leave
      yield* released
      const [id = ""] = yield* threadIds
      yield* leftBehind(id, [user("/pause"), note])
    })
  )

  it.effect("before there is anything to read leaves the note and nothing else", () =>
    Effect.gen(function* () {
      const blank = (turn: MessageTurn) =>
        Answer.streamText(turn, Stream.concat(Stream.make(" ", "\n"), Stream.never))
      const { leftBehind, token, url } = yield* server({ blank, beginning })
      for (const [message, sign] of [
        ["/pause", "stream_options"],
        ["blank", `"delta":"\\n"`],
        ["beginning", "All begun"]
      ] as const) {
        const client = yield* openStream(url, token, { message })
        yield* client.hears(sign)
        yield* client.leave
        yield* leftBehind(threadOf(client.heard()), [user(message), note])
      }
    })
  )

  it.effect("after an item was done finds it once", () =>
    Effect.gen(function* () {
      const { leftBehind, token, url } = yield* server()
      const message = "/say Done\n/partial Half done\n/pause"
      const client = yield* openStream(url, token, { message })
      yield* client.hears(`"delta":" done"`)
      yield* client.leave
      const items = [user(message), assistant("Done"), assistant("Half done"), note]
      yield* leftBehind(threadOf(client.heard()), items)
    })
  )

  it.effect.skipIf(!onRealServer)("while an item is being stored finds it once", () =>
    Effect.gen(function* () {
      const { database, leftBehind, token, url } = yield* server()
      yield* database.exec(gate)
      const { release } = yield* holdGate
      const message = "/say Done\n/pause"
      const client = yield* openStream(url, token, { message })
      yield* eventually(
        database.exec("select from pg_locks where locktype = 'advisory' and not granted"),
        (rows) => rows.length === 1
      )
      yield* client.leave
      yield* release
      const items = [user(message), assistant("Done"), note]
      yield* leftBehind(threadOf(client.heard()), items)
    })
  )

  it.effect("after the answer has ended is no cancellation", () =>
    Effect.gen(function* () {
      const { leftBehind, token, url } = yield* server()
      const message = "/say Done\n/title Done"
      const client = yield* openStream(url, token, { message })
      yield* client.end
      yield* client.leave
      yield* leftBehind(threadOf(client.heard()), [user(message), assistant("Done")])
    })
  )

  it.effect("without having read an answer that has ended is no cancellation", () =>
    Effect.gen(function* () {
      const { database, leftBehind, token, url } = yield* server()
      const client = yield* openUnread(url, token, { message: "/say Done" })
      yield* eventually(
        database.exec("select from chatkit.items where data ->> 'type' = 'assistant_message'"),
        (rows) => rows.length === 1
      )
      yield* released
      yield* client.leave
      const [id = ""] = yield* threadIds
      yield* leftBehind(id, [user("/say Done"), assistant("Done")])
    })
  )

  it.effect("from a retry gets the old answer back, or what there is of the new one", () =>
    Effect.gen(function* () {
      const answers = [
        (turn: MessageTurn) => Answer.say(turn, "Old"),
        () => Stream.never,
        (turn: MessageTurn) => Stream.concat(Answer.say(turn, "New"), Stream.never)
      ]
      const again = (turn: MessageTurn) => (answers.shift() ?? assert.fail("no answer left"))(turn)
      const { responder, token, url } = yield* server({ again })
      const first = eventsOf(yield* ask(url, token, { message: "again" }))
      const thread_id = threadOf(first)
      const { id: item_id } = first[1]!["item"] as { readonly id: string }
      const retry = { type: "threads.retry_after_item", params: { thread_id, item_id } }

      const silent = yield* openStream(url, token, retry)
      yield* silent.hears("stream_options")
      yield* eventually(Effect.sync(responder.open), (open) => open === 1)
      yield* silent.leave
      yield* released
      assert.deepStrictEqual(yield* stored(thread_id), [user("again"), assistant("Old"), note])

      const spoken = yield* openStream(url, token, retry)
      yield* spoken.hears("thread.item.done")
      yield* spoken.leave
      yield* released
      assert.deepStrictEqual(yield* stored(thread_id), [user("again"), assistant("New"), note])
    })
  )

  it.effect("from a retry whose new answer has begun gets what there is of it", () =>
    Effect.gen(function* () {
      const answers = [
        (turn: MessageTurn) => Answer.say(turn, "Old"),
        (turn: MessageTurn) =>
          Answer.streamText(turn, Stream.concat(Stream.make("New"), Stream.never))
      ]
      const again = (turn: MessageTurn) => (answers.shift() ?? assert.fail("no answer left"))(turn)
      const { leftBehind, token, url } = yield* server({ again })
      const first = eventsOf(yield* ask(url, token, { message: "again" }))
      const thread_id = threadOf(first)
      const { id: item_id } = first[1]!["item"] as { readonly id: string }
      const client = yield* openStream(url, token, {
        type: "threads.retry_after_item",
        params: { thread_id, item_id }
      })
      yield* client.hears(`"delta":"New"`)
      yield* client.leave
      yield* leftBehind(thread_id, [user("again"), assistant("New"), note])
    })
  )
})
