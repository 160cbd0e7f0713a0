import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Attachment } from "../../src/protocol/Attachments.ts"
import { request } from "../support/Client.ts"
import { mark } from "../support/properties/BodyMutations.ts"
import { defectsIn, PropertyServer } from "../support/properties/PropertyServer.ts"

/** Texts to append to a link, or to put in the place of one of its parts. */
const queries = {
  genuine: (query: string) => query,
  none: () => "",
  "the question mark alone": () => "?",
  "without its user": (query: string) => query.replace(/user=[^&]*&/, ""),
  "another user": (query: string) => query.replace("user=ada", "user=grace"),
  "two users": (query: string) => query.replace("user=ada", "user=ada&user=grace"),
  "no number": (query: string) => query.replace(/expires=\d+/, "expires=NaN"),
  "for ever": (query: string) => query.replace(/expires=\d+/, "expires=Infinity"),
  "more than a number": (query: string) => query.replace(/expires=\d+/, "expires=1e999"),
  "a number of many digits": (query: string) =>
    query.replace(/expires=\d+/, `expires=${"9".repeat(500)}`),
  negative: (query: string) => query.replace("expires=", "expires=-"),
  "a list": (query: string) => query.replaceAll("=", "[]="),
  prototypes: (query: string) => `${query}&__proto__=${mark}&constructor[prototype]=${mark}`,
  "U+0000": (query: string) => query.replace("user=ada", "user=ada%00"),
  "no UTF-8": (query: string) => query.replace("user=ada", "user=%ff%fe"),
  "no percent-encoding": (query: string) => query.replace("user=ada", "user=%zz%"),
  "spelt otherwise": (query: string) => query.replace("user=ada", "user=%61da"),
  "a signature cut short": (query: string) => query.slice(0, -1),
  "a long signature": (query: string) => query + "A".repeat(5000),
  "no signature": (query: string) => query.replace(/signature=.*/, "signature="),
  twice: (query: string) => `${query}&${query.slice(1)}`,
  "a second question": (query: string) => `${query}?${query.slice(1)}`
}

const ids = {
  genuine: (id: string) => id,
  "another id": (id: string) => id.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
  "U+0000": (id: string) => `${id}%00`,
  "no UTF-8": () => "%ff",
  "no percent-encoding": () => "%zz",
  "a path": () => "..%2f..%2fhealthz",
  "a longer path": (id: string) => `${id}/${id}`,
  "a long id": () => "a".repeat(3000),
  "no id": () => "",
  prototypes: () => "__proto__"
}

const form = (body: string, boundary = "b") => ({
  type: `multipart/form-data; boundary=${boundary}`,
  body
})
const part = `content-disposition: form-data; name="file"; filename="${mark}.txt"\r\ncontent-type: text/plain\r\n\r\n`

const bodies: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  good: { type: "text/plain", body: mark },
  empty: { type: "text/plain", body: "" },
  "of another type": { type: "image/png", body: "\u0089PNG\r\n\u001a\n" },
  "of no type": { type: "", body: mark },
  "of a type that is none": { type: ';;=/\u00ff"', body: mark },
  "that is JSON": { type: "application/json", body: `{"${mark}":1}` },
  "a good form": form(`--b\r\n${part}${mark}\r\n--b--\r\n`),
  "a form without an end": form(`--b\r\n${part}${mark}`),
  "a form without a part": form("--b--\r\n"),
  "a form with another boundary": form(`--c\r\n${part}${mark}\r\n--c--\r\n`),
  "a form with an empty boundary": form(`--b\r\n${part}${mark}\r\n--b--\r\n`, ""),
  "a form with a long boundary": form("--b--", "b".repeat(1000)),
  "a form without a boundary": { type: "multipart/form-data", body: `--b\r\n${part}\r\n--b--` },
  "a form with two files": form(`--b\r\n${part}one\r\n--b\r\n${part}two\r\n--b--\r\n`),
  "a form with a field for a file": form(
    `--b\r\ncontent-disposition: form-data; name="file"\r\n\r\n${mark}\r\n--b--\r\n`
  ),
  "a form with headers that are none": form(`--b\r\n\u0000${mark}\r\n::\r\n\r\n\r\n--b--\r\n`),
  "a form with long headers": form(`--b\r\nx: ${"y".repeat(100_000)}\r\n\r\n\r\n--b--\r\n`),
  "a form with a name that is none": form(
    `--b\r\n${part.replace(mark, "\u0000../\\%00\ud83d")}${mark}\r\n--b--\r\n`
  ),
  "a form of a thousand parts": form(
    Array.from({ length: 1000 }, (_, i) => `--b\r\n${part.replace("file", `f${i}`)}\r\n`).join("")
  )
}

/** As `request` takes it; the platform alone would not give every method a length. */
const sent = ({ body, type }: (typeof bodies)[string], headers: Record<string, string> = {}) => ({
  body,
  headers: {
    "content-length": String(Buffer.byteLength(body)),
    ...(type === "" ? {} : { "content-type": type }),
    ...headers
  }
})

const namesOf = <A extends object>(table: A) =>
  Schema.Literals(Object.keys(table) as Array<Extract<keyof A, string>>)

const methods = ["GET", "PUT", "PUT", "POST", "POST", "DELETE", "PATCH"] as const

layer(PropertyServer.layer, { excludeTestServices: true })(
  "whatever a client does with a link",
  (it) => {
    it.effect.prop(
      "is never answered 500, gives no other user access, and changes nothing",
      {
        method: Schema.Literals(methods),
        purpose: Schema.Literals(["upload", "upload", "content"]),
        id: Schema.Union([Schema.Literal("genuine"), namesOf(ids)]),
        query: namesOf(queries),
        body: namesOf(bodies)
      },
      ({ body, id, method, purpose, query }) =>
        Effect.gen(function* () {
          const { ask, clear, exec, logs, url } = yield* PropertyServer
          yield* clear
          const created = yield* ask("ada", {
            type: "attachments.create",
            params: { name: `${mark}.txt`, size: 7, mime_type: "text/plain" }
          })
          const attachment = JSON.parse(created.body) as Attachment
          const link = new URL(attachment.upload_descriptor?.url ?? "")
          const mutated = queries[query](link.search)
          const path = `/support/attachments/${ids[id](attachment.id)}/${purpose}${mutated}`
          const answer = yield* Effect.timeout(
            request(url, { method, path, ...(method === "GET" ? {} : sent(bodies[body]!)) }),
            "20 seconds"
          )
          assert.isBelow(answer.status, 500, answer.body)
          if (answer.status >= 400)
            assert.strictEqual(JSON.parse(answer.body).status, answer.status)
          const isGenuine = id === "genuine" && query === "genuine" && purpose === "upload"
          if (!isGenuine) assert.isAtLeast(answer.status, 400, answer.body)
          const [kept] = yield* exec("select upload from chatkit.attachments")
          assert.strictEqual(kept?.["upload"] !== null, answer.status === 200)
          assert.strictEqual((yield* ask("ada", {})).status, 400)
          assert.strictEqual((yield* ask("ada", { message: "Still there?" })).status, 200)
          assert.deepStrictEqual(defectsIn(logs), [])
          const signature = link.searchParams.get("signature") ?? assert.fail("no signature")
          for (const secret of [mark, signature]) {
            assert.isFalse(logs.some((line) => line.includes(secret)))
          }
        }),
      { arbitrary: { runs: 150, maxShrinks: 100 } }
    )

    it.effect("every invalid upload is refused with its reason", () =>
      Effect.gen(function* () {
        const { clear, logs, tokens, url } = yield* PropertyServer
        yield* clear
        for (const [name, upload] of Object.entries(bodies)) {
          const answer = yield* request(url, {
            path: "/support/attachments",
            ...sent(upload, { authorization: `Bearer ${tokens.ada}` })
          })
          assert.include([200, 400, 413, 415], answer.status, `${name}: ${answer.body}`)
          JSON.parse(answer.body)
        }
        assert.deepStrictEqual(defectsIn(logs), [])
        assert.isFalse(logs.some((line) => line.includes(mark)))
      })
    )
  }
)
