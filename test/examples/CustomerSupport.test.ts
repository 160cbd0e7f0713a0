import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { create, operation } from "../support/ChatKitService.ts"
import { sendBytes } from "../support/Client.ts"
import { concierge, panelOf, widgetOf } from "../support/CustomerSupport.ts"
import { onRealServer } from "../support/Database.ts"
import { eventually } from "../support/Eventually.ts"
import { idOf, seen } from "../support/ModelAnswers.ts"
import { chat, says, type Script, stalls } from "../support/ModelServer.ts"
import { openStream, threadOf } from "../support/StreamClient.ts"

/** The model calls this tool, and then says this. */
const calls = (name: string, args: unknown = {}): ReadonlyArray<Script> => [
  says(...chat.call("call_1", name, args)),
  says(...chat.text("Done."))
]

const actionIn = (widget: Record<string, unknown> | undefined, child: number) => {
  const root = widget?.["widget"] as {
    readonly children: ReadonlyArray<{
      readonly onClickAction?: { readonly type: string; readonly payload: unknown }
    }>
  }
  const { onClickAction } = root.children[child] ?? {}
  return onClickAction && { type: onClickAction.type, payload: onClickAction.payload }
}

describe("the concierge of the example", () => {
  it.live("names threads, streams its answers, and lists both in the history", () =>
    Effect.gen(function* () {
      const byModel: Script = (call, response) =>
        says(...chat.text(...(call.body["model"] === "small" ? ["Seats"] : ["Hel", "lo"])))(
          call,
          response
        )
      const { json, send } = yield* concierge({ TITLE_MODEL: "small" }, byModel)
      const lines = seen(yield* send(create("My seat?")))
      assert.include(lines, "assistant_message.content_part.text_delta Hel")
      assert.include(lines, "title Seats")
      const { data } = yield* json(operation("threads.list", { limit: 10 }))
      assert.deepStrictEqual(
        (data as ReadonlyArray<{ title: string }>).map(({ title }) => title),
        ["Seats"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("changes seat, bags, assistance and trip, and the side panel shows it at once", () =>
    Effect.gen(function* () {
      const { calls: asked, send } = yield* concierge(
        {},
        ...calls("change_seat", { flight: "FJ 482", seat: "2A" }),
        ...calls("add_checked_bag"),
        ...calls("request_assistance", { help: "wheelchair" }),
        ...calls("cancel_trip")
      )
      const seats = panelOf(yield* send(create("Seat 2A please")))
      assert.deepInclude((seats!["legs"] as ReadonlyArray<object>)[0], { seat: "2A" })
      assert.deepInclude(panelOf(yield* send(create("A bag"))), { bags: 1 })
      const helped = panelOf(yield* send(create("I need a wheelchair")))
      assert.deepInclude(helped, { bags: 1, assistance: "wheelchair" })
      const cancelled = panelOf(yield* send(create("Cancel all")))
      assert.isTrue(
        (cancelled!["legs"] as ReadonlyArray<{ status: string }>).every(
          ({ status }) => status === "cancelled"
        )
      )
      // The model knows the record, and what its tools did.
      assert.include(JSON.stringify(asked[2]?.body), `\\"seat\\":\\"2A\\"`)
      assert.include(JSON.stringify(asked[1]?.body), "Seat on FJ 482 changed to 2A")
    }).pipe(Effect.scoped)
  )

  it.live("tells the model what is not possible, and changes nothing", () =>
    Effect.gen(function* () {
      const impossible = [
        ["change_seat", { flight: "XX 1", seat: "2A" }, "The customer has no flight XX 1."],
        ["change_seat", { flight: "FJ 482", seat: "by the window" }, "Seats are 1A to 99F."],
        ["cancel_trip", {}, "Trip cancelled"],
        ["change_seat", { flight: "FJ 482", seat: "2A" }, "The customer has no flight FJ 482."],
        ["cancel_trip", {}, "The customer has no trip to cancel."]
      ] as const
      const { calls: asked, send } = yield* concierge(
        {},
        ...impossible.flatMap(([tool, args]) => calls(tool, args))
      )
      for (const [tool, , told] of impossible) {
        const panel = panelOf(yield* send(create("Please")))
        assert.strictEqual(panel === undefined, told !== "Trip cancelled", tool)
        assert.include(JSON.stringify(asked.at(-1)?.body), told)
      }
    }).pipe(Effect.scoped)
  )

  it.live("loses none of the changes that the model asks for at once", () =>
    Effect.gen(function* () {
      const bag = { type: "function", function: { name: "add_checked_bag", arguments: "{}" } }
      const tool_calls = [0, 1, 2, 3, 4, 5].map((index) => ({ ...bag, index, id: `call_${index}` }))
      const { calls: asked, send } = yield* concierge(
        {},
        says(chat.delta({ tool_calls }), chat.finish("tool_calls"), "[DONE]"),
        says(...chat.text("Done."))
      )
      assert.deepInclude(panelOf(yield* send(create("Six bags"))), { bags: 5 })
      const told = JSON.stringify(asked[1]?.body)
      assert.lengthOf(told.match(/"One checked bag added/g) ?? [], 5)
      assert.include(told, "No more than 5 bags can be added.")
    }).pipe(Effect.scoped)
  )

  it.live("tells the model of an outage, and logs it without what is stored", () =>
    Effect.gen(function* () {
      const fails: Script = async (call, response) => {
        await Effect.runPromise(database.exec("drop table customer_support.profiles"))
        await calls("request_assistance", { help: "a secret need" })[0]!(call, response)
      }
      const {
        calls: asked,
        database,
        logs,
        send
      } = yield* concierge({}, fails, says(...chat.text("I could not.")))
      const events = yield* send(create("Help"))
      assert.isUndefined(panelOf(events))
      assert.include(seen(events).at(-1), "I could not.")
      assert.include(JSON.stringify(asked[1]?.body), "cannot be changed right now")
      assert.include(logs.join(), "no profile")
      assert.notInclude(logs.join(), "a secret need")
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(!onRealServer)(
    "keeps each record in the database, for servers that start at the same time",
    () =>
      Effect.gen(function* () {
        const { database, send, server } = yield* concierge({}, ...calls("add_checked_bag"))
        yield* database.exec("drop schema customer_support cascade")
        const [first, second] = yield* Effect.all([server, server], { concurrency: 2 })
        const thread = idOf(yield* first.send(create("A bag")))
        for (const { click } of [second, yield* server]) {
          const panel = panelOf(yield* click(thread, null, { type: "support.show_profile" }))
          assert.deepInclude(panel, {
            bags: 1,
            timeline: ["One checked bag added", "Trip to Lisbon booked"]
          })
        }
        assert.isUndefined(panelOf(yield* send(create("Thanks"))))
      }).pipe(Effect.scoped)
  )

  it.live("shows meals to click; the click is kept, told to the model, and made once", () =>
    Effect.gen(function* () {
      const {
        calls: asked,
        click,
        items,
        send
      } = yield* concierge({}, calls("meal_preference_list")[0]!, says(...chat.text("Enjoy")))
      const events = yield* send(create("Which meals are there?"))
      assert.lengthOf(asked, 1)
      const thread = idOf(events)
      const widget = widgetOf(events)
      const action = actionIn(widget, 1)
      assert.deepStrictEqual(action, {
        type: "support.set_meal_preference",
        payload: { meal: "Vegan" }
      })
      const clicked = yield* click(thread, widget?.["id"], action)
      assert.deepInclude(panelOf(clicked), { meal: "Vegan" })
      assert.include(seen(clicked).join(), "Your meal will be vegan.")
      const kept = (yield* items(thread)).find(({ id }) => id === widget?.["id"])
      assert.include(JSON.stringify(kept), "✓ Vegan")
      assert.isUndefined(actionIn(kept, 1))
      // A click in a page that was loaded before is ignored, and so is one that was never offered.
      assert.lengthOf(yield* click(thread, widget?.["id"], action), 1)
      yield* send({
        type: "threads.add_user_message",
        params: { thread_id: thread, input: create("Thanks").params["input"] }
      })
      assert.include(JSON.stringify(asked.at(-1)?.body), "the meal Vegan")
    }).pipe(Effect.scoped)
  )

  it.live("shows flights to click, and then the way back", () =>
    Effect.gen(function* () {
      const { click, items, send } = yield* concierge(
        {},
        ...calls("flight_option_list", { from: "Oslo", to: "Rome" })
      )
      const events = yield* send(create("Oslo to Rome"))
      const thread = idOf(events)
      const widget = widgetOf(events)
      const action = actionIn(widget, 1)
      const options = [{ id: "x", flight: "FJ 1", from: "Oslo", to: "the moon", departs: "now" }]
      for (const payload of [{ id: "x", options, leg: "return" }, { meal: "Vegan" }]) {
        const type = "meal" in payload ? "support.set_meal_preference" : "flight.select"
        assert.lengthOf(yield* click(thread, widget?.["id"], { type, payload }), 1)
      }
      const there = yield* click(thread, widget?.["id"], action)
      assert.lengthOf(yield* click(thread, widget?.["id"], action), 1)
      const kept = (yield* items(thread)).find(({ id }) => id === widget?.["id"])
      assert.include(JSON.stringify(kept), "✓ FJ 512, Oslo to Rome, 12:40")
      assert.notInclude(JSON.stringify(kept), "onClickAction")
      const back = there
        .map(({ item }) => item as Record<string, unknown> | undefined)
        .findLast((item) => item?.["type"] === "widget")
      assert.notStrictEqual(back?.["id"], widget?.["id"])
      const choice = actionIn(back, 0)
      assert.deepInclude(choice?.payload, { leg: "return" })
      const done = yield* click(thread, back?.["id"], choice)
      assert.include(seen(done).join(), "You have chosen")
      assert.strictEqual(seen(done).filter((line) => line.startsWith("item.done widget")).length, 0)
    }).pipe(Effect.scoped)
  )

  it.live("answers the other clicks, and unknown ones with nothing", () =>
    Effect.gen(function* () {
      const { click, send } = yield* concierge({}, says(...chat.text("Hi")))
      const thread = idOf(yield* send(create("Hi")))
      for (const [type, words] of [
        ["booking.confirm_selection", "Your booking is confirmed."],
        ["booking.modify_request", "What should be different?"],
        ["upsell.accept", "Your upgrade is booked."],
        ["upsell.decline", "No upgrade then."],
        ["rebook.select_option", "You are booked on the other flight."]
      ] as const) {
        assert.include(seen(yield* click(thread, null, { type })).join(), words)
      }
      for (const action of [
        { type: "no.such.action" },
        { type: "support.set_meal_preference", payload: { meal: "Stones" } },
        { type: "flight.select", payload: 7 }
      ]) {
        assert.deepStrictEqual(
          (yield* click(thread, null, action)).map(({ type }) => type),
          ["stream_options"]
        )
      }
      const profile = panelOf(yield* click(thread, null, { type: "support.show_profile" }))
      assert.deepInclude(profile, { loyalty: "Northern Lights Silver" })
    }).pipe(Effect.scoped)
  )

  it.live("sees pictures that are attached, and people see their preview", () =>
    Effect.gen(function* () {
      const { calls: asked, items, json, send } = yield* concierge({}, says(...chat.text("A cat")))
      const png = Buffer.from("\x89PNG\r\n\x1a\n a cat", "latin1")
      const file = { name: "cat.png", size: png.length, mime_type: "image/png" }
      const made = yield* json(operation("attachments.create", file))
      const { url } = made["upload_descriptor"] as { readonly url: string }
      const put = yield* sendBytes(url, {
        method: "PUT",
        headers: { "content-type": "image/png" },
        body: png
      })
      assert.strictEqual(put.status, 200)
      const events = yield* send(create("What is this?", { attachments: [made["id"]] }))
      assert.include(
        JSON.stringify(asked[0]?.body),
        `data:image/png;base64,${png.toString("base64")}`
      )
      const [message] = yield* items(idOf(events))
      const [{ preview_url }] = message!["attachments"] as [{ readonly preview_url: string }]
      const preview = yield* sendBytes(preview_url, { method: "GET" })
      assert.isTrue(preview.body.equals(png))
    }).pipe(Effect.scoped)
  )

  it.live("hears dictation", () =>
    Effect.gen(function* () {
      const { json } = yield* concierge({ TRANSCRIPTION_MODEL: "whisper" }, (_, response) => {
        response.writeHead(200, { "content-type": "application/json" }).end(`{"text":"Hello"}`)
      })
      const params = { audio_base64: "AQID", mime_type: "audio/webm;codecs=opus" }
      assert.deepStrictEqual(yield* json(operation("input.transcribe", params)), { text: "Hello" })
    }).pipe(Effect.scoped)
  )

  it.live("keeps what it has said when the person presses Stop, and leaves the model", () =>
    Effect.gen(function* () {
      const {
        calls: asked,
        items,
        tokenFor,
        url
      } = yield* concierge({}, stalls(chat.delta({ content: "Half a sentence" })))
      const client = yield* openStream(url, yield* tokenFor("ada"), create("Tell me"))
      yield* client.hears("Half a sentence")
      const thread = threadOf(client.heard())
      yield* client.leave
      yield* asked[0]!.closed
      const kept = yield* eventually(Effect.orDie(items(thread)), ({ length }) => length === 2)
      assert.include(JSON.stringify(kept.at(-1)), "Half a sentence")
    }).pipe(Effect.scoped)
  )

  it.live("knows each person's own record only", () =>
    Effect.gen(function* () {
      const { calls: asked, click, send } = yield* concierge({}, ...calls("add_checked_bag"))
      yield* send(create("A bag"), "ada")
      const thread = idOf(yield* send(create("Hi"), "grace"))
      assert.include(JSON.stringify(asked.at(-1)?.body), "Grace")
      assert.notInclude(JSON.stringify(asked.at(-1)?.body), "Ada")
      const profile = panelOf(yield* click(thread, null, { type: "support.show_profile" }, "grace"))
      assert.deepInclude(profile, { name: "Grace", bags: 0 })
    }).pipe(Effect.scoped)
  )
})
