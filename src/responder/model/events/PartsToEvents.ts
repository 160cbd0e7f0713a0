// Longer than most files: it has one method for each kind of part, over one state.

import { Effect } from "effect"
import { Response } from "effect/ai"
import { Base64 } from "effect/encoding"
import type { ResponseEventInput } from "../../../protocol/Events.ts"
import type { ItemBase, WorkflowItem } from "../../../protocol/Items.ts"
import type { Annotation } from "../../../protocol/Sources.ts"
import { itemUpdated } from "../../ItemEvents.ts"
import { CustomStreamError } from "../../StreamErrors.ts"
import type { Turn } from "../../Turn.ts"
import { pictureTypeOf } from "../PictureType.ts"
import { reasoningEvents } from "./ReasoningEvents.ts"
import { type GrowingText, growingText } from "./TextEvents.ts"

export type Part = Response.AnyPart
type Events = ReadonlyArray<ResponseEventInput>
type Converted = Effect.Effect<Events, unknown>
type Typed<Type extends Part["type"]> = Extract<Part, { readonly type: Type }>

/** The conversion of what a model says into events: a method for each kind of part. */
export interface EventConverter {
  readonly textStart: (part: Typed<"text-start">) => Converted
  readonly textDelta: (part: Typed<"text-delta">) => Converted
  readonly textEnd: (part: Typed<"text-end">) => Converted
  readonly reasoningStart: (part: Typed<"reasoning-start">) => Converted
  readonly reasoningDelta: (part: Typed<"reasoning-delta">) => Converted
  readonly reasoningEnd: (part: Typed<"reasoning-end">) => Converted
  readonly source: (part: Typed<"source">) => Converted
  readonly file: (part: Typed<"file">) => Converted
  /** The source of a statement, or undefined for one that cannot be shown. */
  readonly annotation: (part: Typed<"source">) => Annotation | undefined
}

/** The metadata that a provider of this package adds to a part. */
interface Extras {
  readonly textId?: string
  readonly index?: number | null
  readonly callId?: string
  readonly partial?: number | null
  readonly of?: number | null
}

const extrasOf = ({ metadata }: Part): Extras => (metadata["chatkit"] ?? {}) as Extras

/** Converts the parts of one answer in order; `left` is a workflow that the last turn left open. */
export const partsToEvents = (
  turn: Turn,
  left: WorkflowItem | undefined,
  own: Partial<EventConverter> = {}
) => {
  const reasoning = reasoningEvents(turn, left)
  const pictures = new Map<string, ItemBase>()
  /** The text that grows now; a provider that never ends it means the end by what comes next. */
  let text: GrowingText | undefined

  const finishText = (): Events => {
    const events = text === undefined ? [] : text.finish()
    text = undefined
    return events
  }

  /** Before a new visible item. */
  const makeRoom = Effect.map(reasoning.close, (closed): Events => [...finishText(), ...closed])

  const converter: EventConverter = {
    textStart: Effect.fnUntraced(function* ({ id }) {
      const before = yield* makeRoom
      text = yield* growingText(turn, id)
      return [...before, ...text.begin]
    }),
    // Some providers do not say where a text begins, and some write two at once.
    textDelta: Effect.fnUntraced(function* (part) {
      const begun = text?.id === part.id ? [] : yield* converter.textStart(startOf(part))
      return [...begun, ...(text?.append(part.delta) ?? [])]
    }),
    textEnd: ({ id }) => Effect.sync(() => (text?.id === id ? finishText() : [])),

    reasoningStart: () =>
      Effect.map(reasoning.begin, (begun): Events => [...finishText(), ...begun]),
    reasoningDelta: ({ delta }) => Effect.sync(() => reasoning.append(delta)),
    reasoningEnd: () => Effect.sync(() => reasoning.endThought()),

    source: (part) =>
      Effect.sync(() => {
        const { textId } = extrasOf(part)
        const isShown = text !== undefined && (textId === undefined || textId === text.id)
        const annotation = isShown ? converter.annotation(part) : undefined
        return annotation === undefined ? [] : (text?.annotate(annotation) ?? [])
      }),

    annotation: (part) => {
      const { index } = extrasOf(part)
      const place = typeof index === "number" ? { index } : {}
      const { title } = part
      if (part.sourceType === "url") {
        const { href: url, protocol } = part.url
        // A page opens what it is given, and the model may have read it anywhere.
        if (protocol !== "https:" && protocol !== "http:") return undefined
        const source = { type: "url" as const, title: title ?? url, url }
        return { type: "annotation", source, ...place }
      }
      const filename = part.fileName
      if (filename === undefined) return undefined
      return {
        type: "annotation",
        source: { type: "file", title: title ?? filename, filename },
        ...place
      }
    },

    file: Effect.fnUntraced(function* (part) {
      if (!part.mediaType.startsWith("image/")) return []
      // Some servers do not say in which format they draw, and a wrong type would not be kept.
      const mediaType = pictureTypeOf(part.data) ?? part.mediaType
      const { callId = "", of, partial } = extrasOf(part)
      const known = pictures.get(callId)
      const before = known === undefined ? yield* makeRoom : []
      const base = known ?? (yield* turn.newItem("message"))
      pictures.set(callId, base)
      const added: Events =
        known === undefined
          ? [...before, { type: "thread.item.added", item: { ...base, type: "generated_image" } }]
          : []
      if (typeof partial === "number") {
        // Shown for a moment and never stored, so it needs no place of its own.
        const url = `data:${mediaType};base64,${Base64.encode(part.data)}`
        const progress = typeof of === "number" && of > 0 ? Math.min(1, partial / of) : 0
        return [
          ...added,
          itemUpdated(base.id, {
            type: "generated_image.updated",
            image: { id: callId, url },
            progress
          })
        ]
      }
      const name = `picture.${mediaType.slice("image/".length)}`
      const kept = yield* turn
        .attach({ name, mime_type: mediaType, bytes: part.data })
        .pipe(Effect.catchTag("FileRefused", () => Effect.undefined))
      if (kept?.type !== "image") return yield* notKept
      const image = { id: kept.id, url: kept.preview_url }
      pictures.delete(callId)
      return [
        ...added,
        { type: "thread.item.done", item: { ...base, type: "generated_image", image } }
      ]
    }),
    ...own
  }

  const convert = (part: Part): Converted => {
    switch (part.type) {
      case "text-start":
        return converter.textStart(part)
      case "text-delta":
        return converter.textDelta(part)
      case "text-end":
        return converter.textEnd(part)
      case "reasoning-start":
        return converter.reasoningStart(part)
      case "reasoning-delta":
        return converter.reasoningDelta(part)
      case "reasoning-end":
        return converter.reasoningEnd(part)
      case "source":
        return converter.source(part)
      case "file":
        return converter.file(part)
      default:
        return Effect.succeed([])
    }
  }

  let isEmpty = true
  const next = (part: Part): Converted =>
    Effect.map(convert(part), (events) => {
      isEmpty &&= !events.some(isContent)
      return events
    })

  return {
    next,
    /** Whether model and tools have shown nothing yet, apart from reasoning. */
    isEmpty: () => isEmpty,
    /** Before a tool shows something: text is done, and reasoning shows its duration. */
    makeRoom: Effect.suspend(() => {
      isEmpty = false
      return makeRoom
    }),
    /** The end of one request: its text is done. Reasoning goes on with the next one. */
    finishText: Effect.sync(finishText),
    /** The text so far, for guardrails. */
    shown: () => text?.text() ?? ""
  }
}

const notKept = new CustomStreamError({
  message: "The picture is made, but it cannot be kept here. Please ask for a smaller one.",
  allow_retry: false
})

const startOf = ({ id, metadata }: Typed<"text-delta">) =>
  Response.makePart("text-start", { id, metadata })

const isContent = (event: ResponseEventInput): boolean =>
  event.type !== "thread.item.updated" && !("item" in event && event.item.type === "workflow")
