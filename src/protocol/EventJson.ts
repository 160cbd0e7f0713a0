import type { ThreadStreamEvent } from "./Events.ts"

/** The reference writes progress as a floating-point number: `1.0`, not `1`. */
const withFraction = (number: number): number =>
  Number.isInteger(number) && Math.abs(number) < 1e15
    ? (JSON as unknown as { rawJSON: (text: string) => number }).rawJSON(`${number}.0`)
    : number

/** An event as one line of JSON. It was checked when it was decoded, so no schema encodes it here. */
export const eventJson = (event: ThreadStreamEvent): string => {
  if (
    event.type === "thread.item.updated" &&
    event.update.type === "generated_image.updated" &&
    event.update.progress !== undefined
  ) {
    const { update } = event
    return JSON.stringify({
      ...event,
      update: { ...update, progress: withFraction(event.update.progress) }
    })
  }
  return JSON.stringify(event)
}
