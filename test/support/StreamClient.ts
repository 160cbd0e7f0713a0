import type * as http from "node:http"
import * as net from "node:net"
import { Effect } from "effect"
import { chatKitHeaders, chatKitRequest } from "./Client.ts"

export type Event = Record<string, unknown>

/** A client that hears its answer while it comes, and can hang up. */
export interface Client {
  /** The status of the answer, once its head is there; 0 when the connection was lost before. */
  readonly status: Effect.Effect<number>
  readonly heard: () => ReadonlyArray<Event>
  /** The first event with this in it, of this type; a defect when the answer ends without one. */
  readonly hears: (text: string, type?: string) => Effect.Effect<Event>
  /** Everything that was said, once the answer has ended or its connection was lost. */
  readonly end: Effect.Effect<ReadonlyArray<Event>>
  /** Stops reading, and goes on where it stopped. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
  readonly leave: Effect.Effect<void>
}

/** Asks, and reads for as long as it stays; a deaf one reads the head of the answer and no more. */
export const openStream = (
  url: string,
  token: string,
  body: unknown,
  options: { readonly deaf?: boolean; readonly accept?: string } = {}
) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const heard: Array<Event> = []
      let rest = ""
      let status: number | undefined
      let over = false
      let answer: http.IncomingMessage | undefined
      const watchers = new Set<() => void>()
      const tell = () => {
        for (const watch of watchers) watch()
      }
      const finish = () => {
        over = true
        tell()
      }
      const read = (text: string) => {
        const frames = (rest + text).split("\n\n")
        rest = frames.pop() ?? ""
        for (const frame of frames) {
          if (frame.startsWith("data: ")) {
            heard.push(JSON.parse(frame.slice("data: ".length)) as Event)
          }
        }
      }
      const { accept } = options
      const sent = chatKitRequest(url, token, accept === undefined ? {} : { accept })
      // A paused answer may have to be read still when its connection is closed.
      sent.on("close", () => answer === undefined && finish())
      sent.on("response", (response) => {
        status = response.statusCode ?? 0
        answer = response
        response.on("error", finish)
        response.on("close", finish)
        response.setEncoding("utf8")
        if (options.deaf !== true) {
          response.on("data", (text: string) => {
            read(text)
            tell()
          })
        }
        tell()
      })
      sent.end(JSON.stringify(body))

      /** Looks whenever something has come, until there is something to see. */
      const watch = <A>(look: () => Effect.Effect<A> | undefined) =>
        Effect.callback<A>((resume) => {
          const again = () => {
            const seen = look()
            if (seen === undefined) return
            watchers.delete(again)
            resume(seen)
          }
          watchers.add(again)
          again()
          return Effect.sync(() => watchers.delete(again))
        })

      const client: Client = {
        status: watch(() =>
          status === undefined && !over ? undefined : Effect.succeed(status ?? 0)
        ),
        heard: () => heard,
        hears: (text, type) =>
          watch(() => {
            const event = heard.find(
              (event) =>
                (type === undefined || event["type"] === type) &&
                JSON.stringify(event).includes(text)
            )
            if (event !== undefined) return Effect.succeed(event)
            return over ? Effect.die(new Error(`never heard ${text}`)) : undefined
          }),
        end: watch(() => (over ? Effect.succeed(heard) : undefined)),
        pause: Effect.sync(() => void answer?.pause()),
        resume: Effect.sync(() => void answer?.resume()),
        leave: Effect.sync(() => void sent.destroy())
      }
      return client
    }),
    ({ leave }) => leave
  )

/** Sends its request and takes no byte of the answer off the network, the head included. */
export const openUnread = (url: string, token: string, body: unknown) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { host, hostname, port } = new URL(url)
      const text = JSON.stringify(body)
      const lines = Object.entries({
        host,
        ...chatKitHeaders(token),
        "content-length": Buffer.byteLength(text)
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      const socket = new net.Socket().pause()
      socket.on("error", () => undefined)
      socket.connect(Number(port), hostname)
      socket.write(`POST /support/chatkit HTTP/1.1\r\n${lines.join("")}\r\n${text}`)
      return { leave: Effect.sync(() => void socket.resetAndDestroy()) }
    }),
    ({ leave }) => leave
  )

/** The thread that an answer is about, in its first event. */
export const threadOf = ([first]: ReadonlyArray<Event>): string =>
  (first!["thread"] as { readonly id: string }).id

/** The texts of the items that an answer reported as done, the client's own message included. */
export const doneTexts = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events
    .filter(({ type }) => type === "thread.item.done")
    .map(({ item }) => (item as { readonly content: ReadonlyArray<{ text: string }> }).content)
    .map(([part]) => part?.text ?? "")
