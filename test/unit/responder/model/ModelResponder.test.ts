import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { add, create } from "../../../support/ChatKitService.ts"
import { answeringFrom, idOf, seen } from "../../../support/ModelAnswers.ts"
import {
  breaksOff,
  chat,
  refuses,
  responses,
  says,
  type Script
} from "../../../support/ModelServer.ts"

const roles = (body: Readonly<Record<string, unknown>> | undefined) =>
  ((body?.["messages"] ?? []) as ReadonlyArray<{ role: string; content: unknown }>).map(
    ({ content, role }) =>
      `${role}: ${typeof content === "string" ? content : JSON.stringify(content)}`
  )

for (const [wire, hello] of [
  ["chat", says(...chat.text("Hel", "lo"))],
  ["responses", says(...responses.text("Hel", "lo"))]
] as const) {
  describe(`answers by the wire ${wire}`, () => {
    it.live("stream as one message, and are the history of the next question", () =>
      Effect.gen(function* () {
        const { calls, send } = yield* answeringFrom({ MODEL_API: wire }, hello)
        const first = yield* send(create("Who are you?"))
        assert.deepStrictEqual(seen(first), [
          "item.added assistant_message",
          "assistant_message.content_part.added",
          "assistant_message.content_part.text_delta Hel",
          "assistant_message.content_part.text_delta lo",
          "assistant_message.content_part.done",
          "item.done assistant_message Hello"
        ])
        yield* send(add(idOf(first), "And now?"))
        const said = JSON.stringify(calls[1]?.body)
        assert.include(said, "Who are you?")
        assert.include(said, "Hello")
        assert.include(said, "And now?")
      }).pipe(Effect.scoped)
    )
  })
}

describe("reasoning", () => {
  it.live("is a workflow whose first thought grows, closed by the answer with its duration", () =>
    Effect.gen(function* () {
      const { send } = yield* answeringFrom(
        { MODEL_API: "responses" },
        says(
          responses.thought("First"),
          responses.thought(" thought"),
          responses.thoughtDone(),
          responses.thought("Sec", 1),
          responses.thought("ond", 1),
          responses.thoughtDone(1),
          ...responses.text("Done")
        )
      )
      assert.deepStrictEqual(seen(yield* send(create("Think"))).slice(0, 6), [
        "item.added workflow 0 null",
        "workflow.task.added 0 First",
        "workflow.task.updated 0 First thought",
        "workflow.task.added 1 Second",
        `item.done workflow 2 {"duration":0}`,
        "item.added assistant_message"
      ])
    }).pipe(Effect.scoped)
  )
})

describe("citations", () => {
  it.live("are annotations, live and in the final message", () =>
    Effect.gen(function* () {
      const { send } = yield* answeringFrom(
        { MODEL_API: "responses" },
        says(
          responses.delta("See this"),
          responses.citation({
            type: "url_citation",
            url: "https://a.example/",
            title: "A",
            end_index: 3
          }),
          responses.citation({ type: "file_citation", file_id: "f" }),
          responses.citation({ type: "file_citation", file_id: "f", filename: "a.txt", index: 5 }),
          responses.textDone(),
          responses.completed()
        )
      )
      const events = yield* send(create("Cite"))
      const annotations = [
        {
          type: "annotation",
          source: { title: "A", type: "url", url: "https://a.example/" },
          index: 3
        },
        {
          type: "annotation",
          source: { title: "a.txt", type: "file", filename: "a.txt" },
          index: 5
        }
      ]
      const live = events.flatMap(({ update }) => {
        const { annotation, annotation_index } = (update ?? {}) as Record<string, unknown>
        return annotation === undefined ? [] : [[annotation_index, annotation]]
      })
      assert.deepStrictEqual(
        live,
        [...annotations.entries()].map((entry) => [...entry])
      )
      const done = events.at(-1)!["item"] as { content: ReadonlyArray<{ annotations: unknown }> }
      assert.deepStrictEqual(done.content[0]?.annotations, annotations)
    }).pipe(Effect.scoped)
  )
})

describe("pictures of the model", () => {
  const png = Buffer.from("\x89PNG\r\n\x1a\n a picture", "latin1").toString("base64")

  it.live("are shown while they are made, kept as attachments, and shown to the model again", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringFrom(
        { MODEL_API: "responses", MODEL_TOOLS: "image_generation" },
        says(
          {
            type: "response.image_generation_call.partial_image",
            item_id: "ig_1",
            partial_image_index: 1,
            partial_image_b64: png
          },
          responses.item({ type: "image_generation_call", id: "ig_1", result: png }),
          responses.completed()
        ),
        says(...responses.text("Nice"))
      )
      const events = yield* send(create("Draw"))
      assert.deepStrictEqual(seen(events), [
        "item.added generated_image",
        "generated_image.updated",
        "item.done generated_image"
      ])
      assert.deepInclude(events.at(-2)?.["update"], { progress: 0.5 })
      const { image } = events.at(-1)!["item"] as { image: { id: string; url: string } }
      assert.match(image.id, /^atc_/)
      assert.notInclude(image.url, "data:")
      yield* send(add(idOf(events), "Do you see it?"))
      assert.include(JSON.stringify(calls[1]?.body), `data:image/png;base64,${png}`)
    }).pipe(Effect.scoped)
  )

  it.live("keep their type, also where the server does not say it", () =>
    Effect.gen(function* () {
      for (const [type, head, output_format] of [
        ["jpeg", "\xff\xd8\xff\xe0 a picture", undefined],
        ["webp", "RIFF\x10\x20\x30\x40WEBPVP8 a picture", "webp"]
      ] as const) {
        const result = Buffer.from(head, "latin1").toString("base64")
        const item = { type: "image_generation_call", id: "ig_1", result, output_format }
        const { calls, send } = yield* answeringFrom(
          { MODEL_API: "responses", MODEL_TOOLS: "image_generation" },
          says(responses.item(item), responses.completed()),
          says(...responses.text("Nice"))
        )
        yield* send(add(idOf(yield* send(create("Draw"))), "Do you see it?"))
        assert.include(JSON.stringify(calls[1]?.body), `data:image/${type};base64,${result}`)
      }
    }).pipe(Effect.scoped)
  )
})

describe("a model that fails", () => {
  const failing = (script: Script, env = {}) =>
    Effect.gen(function* () {
      const { logs, send } = yield* answeringFrom(env, script)
      return { lines: seen(yield* send(create("Hi"))), logs }
    }).pipe(Effect.scoped)

  it.live("says in words what the person can do, and offers a retry where it can help", () =>
    Effect.gen(function* () {
      for (const [script, words] of [
        [refuses(429, {}, { "retry-after": "0" }), /busy.* true$/],
        [refuses(429, { code: "insufficient_quota" }), /come back later\. false$/],
        [refuses(401), /not available.* false$/],
        [refuses(400, { code: "content_filter" }), /another way\. false$/],
        [refuses(400, { code: "context_length_exceeded" }), /too long.* false$/],
        [says("no JSON"), /not be understood.* true$/]
      ] as const) {
        const { lines } = yield* failing(script)
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, words)
      }
    })
  )

  it.live("keeps what was said, and its log has neither key nor prompt nor answer", () =>
    Effect.gen(function* () {
      const { items, logs, send } = yield* answeringFrom(
        {},
        breaksOff(chat.delta({ content: "Half a sentence" })),
        says(...chat.text("Whole"))
      )
      const events = yield* send(create("a secret question"))
      assert.match(seen(events).at(-1)!, /^error The model stopped answering/)
      assert.deepInclude((yield* items(idOf(events))).at(-1)?.["content"], {
        type: "output_text",
        annotations: [],
        text: "Half a sentence"
      })
      yield* send(add(idOf(events), "Go on"))
      const text = logs.join("\n")
      assert.include(text, "InternalProviderError")
      assert.notMatch(text, /secret question|Half a|sk-not/)
    }).pipe(Effect.scoped)
  )

  it.live("is replaced by the fallback before its first word, and only then", () =>
    Effect.gen(function* () {
      const env = { FALLBACK_MODEL: "the-other" }
      const down = refuses(500)
      const { calls, send } = yield* answeringFrom(env, down, down, down, says(...chat.text("Hi")))
      assert.include(seen(yield* send(create("Hi"))), "item.done assistant_message Hi")
      assert.deepStrictEqual(
        calls.map(({ body }) => body["model"]),
        ["the-model", "the-model", "the-model", "the-other"]
      )
      const broken = yield* answeringFrom(env, breaksOff(chat.delta({ content: "Half" })))
      assert.match(seen(yield* broken.send(create("Hi"))).at(-1)!, /^error/)
      assert.lengthOf(broken.calls, 1)
    }).pipe(Effect.scoped)
  )
})

describe("what a request chooses", () => {
  it.live("is a model that the settings list, and no other", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringFrom(
        { MODELS: "small, large" },
        says(...chat.text("Hi"))
      )
      const choosing = (model: string) => create("Hi", { inference_options: { model } })
      yield* send(choosing("large"))
      assert.strictEqual(calls[0]?.body["model"], "large")
      assert.match(seen(yield* send(choosing("huge")))[0]!, /^error .*choose another\. false$/)
      assert.lengthOf(calls, 1)
    }).pipe(Effect.scoped)
  )
})

describe("titles", () => {
  const named = says(...chat.text(`"a trip to Oslo."`))

  it.live("are made once, by the small model, beside the first answer", () =>
    Effect.gen(function* () {
      const byModel: Script = (call, response) =>
        (call.body["model"] === "small" ? named : says(...chat.text("Hi")))(call, response)
      const { calls, send } = yield* answeringFrom({ TITLE_MODEL: "small" }, byModel)
      const events = yield* send(create("I want to go to Oslo"))
      assert.include(seen(events), "title A trip to Oslo")
      yield* send(add(idOf(events), "More"))
      const titles = calls.filter(({ body }) => body["model"] === "small")
      assert.lengthOf(titles, 1)
      assert.include(roles(titles[0]?.body).at(-1), "I want to go to Oslo")
    }).pipe(Effect.scoped)
  )

  it.live("that fail change nothing but a line of the log", () =>
    Effect.gen(function* () {
      const byModel: Script = (call, response) =>
        (call.body["model"] === "small" ? refuses(400) : says(...chat.text("Hi")))(call, response)
      const { logs, send } = yield* answeringFrom({ TITLE_MODEL: "small" }, byModel)
      assert.strictEqual(seen(yield* send(create("Hi"))).at(-1), "item.done assistant_message Hi")
      assert.isTrue(logs.some((line) => line.includes("no title")))
    }).pipe(Effect.scoped)
  )
})

describe("instructions", () => {
  it.live("come first in every request", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringFrom(
        { MODEL_INSTRUCTIONS: "Be brief" },
        says(...chat.text("Hi"))
      )
      yield* send(create("Hello"))
      assert.deepStrictEqual(roles(calls[0]?.body), ["system: Be brief", "user: Hello"])
    }).pipe(Effect.scoped)
  )
})

describe("the use of tokens", () => {
  it.live("ends a person's answers for the day in words, and nobody else's", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringFrom(
        { DAILY_TOKENS_PER_USER: "20" },
        says(...chat.text("Hi"))
      )
      for (let i = 0; i < 2; i++) assert.notInclude(seen(yield* send(create("Hi"))).join(), "error")
      const [refused] = seen(yield* send(create("Hi")))
      assert.match(refused!, /^error You have asked as much as you can today.* false$/)
      assert.lengthOf(calls, 2)
      assert.notInclude(seen(yield* send(create("Hi"), "grace")).join(), "error")
    }).pipe(Effect.scoped)
  )

  it.live("is one line of the log for each answer, without any text", () =>
    Effect.gen(function* () {
      const { logs, send } = yield* answeringFrom({}, says(...chat.text("an answer")))
      yield* send(create("a question"))
      const [line] = logs.filter((line) => line.includes("model usage"))
      assert.include(line, "the-model")
      assert.match(line!, /input_tokens\W+10/)
      assert.match(line!, /output_tokens\W+5/)
      assert.include(line, "ada")
      assert.notMatch(logs.join(), /an answer|a question/)
    }).pipe(Effect.scoped)
  )
})
