import type { ThreadStreamEvent } from "./Events.ts"

/** As in the reference, where a progress is a floating-point number and shows it. */
const withFraction = (number: number): number =>
  Number.isInteger(number) && Math.abs(number) < 1e15
    ? (JSON as unknown as { rawJSON: (text: string) => number }).rawJSON(`${number}.0`)
    : number

/** An event as one line of JSON; what is typed right is written right, so nothing is checked again. */
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
