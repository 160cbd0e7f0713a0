import type { WidgetRoot } from "../../protocol/widgets/AnyWidget.ts"

const text = (value: string, id?: string, streaming?: boolean) => ({
  ...(id === undefined ? {} : { id }),
  type: "Text" as const,
  value,
  ...(streaming === undefined ? {} : { streaming })
})

/** A card with one text; the arguments are its value, its id and whether it is streaming. */
export const card = (...child: Parameters<typeof text>): WidgetRoot => ({
  type: "Card",
  children: [text(...child)]
})
