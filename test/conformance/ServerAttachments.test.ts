import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Attachment } from "../../src/protocol/Attachments.ts"
import { add, create, items, operation } from "../support/ChatKitService.ts"
import { put } from "../support/http/AttachmentServer.ts"
import * as expected from "../support/conformance/Expected.ts"
import { opened, options, sse, user } from "../support/conformance/Expected.ts"
import {
  type Client,
  ConformanceServer,
  newClient
} from "../support/conformance/ConformanceServer.ts"
import { roomy } from "../support/ThreadFixtures.ts"

// 29 and 31 need a server without a store for attachments: this one always has it.

const file = { name: "notes.txt", size: 5, mime_type: "text/plain" }
const image = { name: "cat.png", size: 10, mime_type: "image/png" }

const attach = (params: Record<string, unknown>) => operation("attachments.create", params)
const detach = (attachment_id: string) => operation("attachments.delete", { attachment_id })

const waiting = (id: string, mime_type: string) => ({
  upload_descriptor: {
    url: `/support/attachments/${id}/upload?signed`,
    method: "PUT",
    headers: { "Content-Type": mime_type }
  }
})

const preview = { preview_url: "/support/attachments/atc_1/content?signed" }

/** As it is shown once its bytes are there. */
const ready = (thread_id = "thr_1") => ({
  id: "atc_1",
  name: "notes.txt",
  mime_type: "text/plain",
  thread_id,
  type: "file"
})

const metadata = { openai_file_id: "file_1" }

/** Metadata of the attachment `atc_1` that only the server may know. */
const tag = Effect.fnUntraced(function* ({ attachments, unnamed, userId }: Client) {
  const [record] = yield* attachments.load(userId, [unnamed("atc_1")])
  assert(record !== undefined)
  yield* attachments.save(userId, { ...record, metadata }, roomy)
})

const kept = Effect.fnUntraced(function* ({ attachments, unnamed, userId }: Client) {
  const [record] = yield* attachments.load(userId, [unnamed("atc_1")])
  return { thread_id: record?.thread_id, metadata: record?.metadata, uploaded: record?.uploaded }
})

/** Somebody with a file of theirs on the server. */
const uploading = Effect.fnUntraced(function* () {
  const me = yield* newClient()
  const attachment = JSON.parse((yield* me.ask(attach(file))).body) as Attachment
  me.named(attachment)
  assert.strictEqual((yield* put(attachment, "hello")).status, 200)
  return me
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's attachments",
  (it) => {
    it.effect(
      "24. attachment create: file, descriptor url/PUT/headers kept; metadata stored but not in the response",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient()
          const { mime_type, name } = file
          assert.strictEqual(
            yield* me.document(attach(file)),
            JSON.stringify({
              id: "atc_1",
              name,
              mime_type,
              ...waiting("atc_1", mime_type),
              type: "file"
            })
          )
          yield* tag(me)
          assert.deepStrictEqual(yield* kept(me), {
            thread_id: undefined,
            metadata,
            uploaded: false
          })
          assert.notInclude(yield* me.stream(create("See", { attachments: ["atc_1"] })), "file_1")
          assert.deepStrictEqual(yield* kept(me), {
            thread_id: me.unnamed("thr_1"),
            metadata,
            uploaded: false
          })
        })
    )

    it.effect("25. attachment create: image with preview_url", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const { mime_type, name } = image
        assert.strictEqual(
          yield* me.document(attach(image)),
          JSON.stringify({
            id: "atc_1",
            name,
            mime_type,
            ...waiting("atc_1", mime_type),
            type: "image",
            ...preview
          })
        )
      })
    )

    it.effect("26. attachment metadata not in items.list either", () =>
      Effect.gen(function* () {
        const me = yield* uploading()
        yield* tag(me)
        yield* me.stream(create("See", { attachments: ["atc_1"] }))
        assert.strictEqual(
          yield* me.document(items("thr_1")),
          JSON.stringify(expected.page(user("msg_1", "See", { attachments: [ready()] })))
        )
        assert.notInclude(JSON.stringify(yield* me.stored("thr_1")), "file_1")
      })
    )

    it.effect("27. attachment gets thread_id when used in create", () =>
      Effect.gen(function* () {
        const me = yield* uploading()
        assert.strictEqual(
          yield* me.stream(create("See", { attachments: ["atc_1"] })),
          sse(...opened("See", { attachments: [ready()] }))
        )
        assert.strictEqual((yield* kept(me)).thread_id, me.unnamed("thr_1"))
      })
    )

    it.effect("28. and in add_user_message", () =>
      Effect.gen(function* () {
        const me = yield* uploading()
        yield* me.stream(create("First"))
        assert.strictEqual(
          yield* me.stream(add("thr_1", "See", { attachments: ["atc_1"] })),
          sse(expected.done(user("msg_2", "See", { attachments: [ready()] })), options)
        )
        assert.strictEqual((yield* kept(me)).thread_id, me.unnamed("thr_1"))
      })
    )

    it.effect("30. attachment delete removes it", () =>
      Effect.gen(function* () {
        const me = yield* uploading()
        assert.strictEqual(yield* me.document(detach("atc_1")), "{}")
        const used = create("See", { attachments: ["atc_1"] })
        assert.deepStrictEqual(yield* me.refusal(used), expected.notFound("Attachment"))
        assert.strictEqual(yield* me.document(detach("atc_1")), "{}")
        const list = yield* me.document(operation("threads.list", {}))
        assert.strictEqual(list, JSON.stringify(expected.page()))
      })
    )
  }
)
