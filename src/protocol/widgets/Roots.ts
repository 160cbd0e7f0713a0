import { Schema } from "effect"
import { ActionConfig } from "../Actions.ts"
import { IconName } from "../Icons.ts"
import { optional } from "../Lenient.ts"
import { ListViewItem, WidgetComponent } from "./Containers.ts"
import * as Styles from "./Styles.ts"

type Fields<F extends Schema.Struct.Fields> = Schema.Struct.Type<F>
const length = optional(Styles.Length)

const status = optional(
  Schema.Struct({
    text: Schema.String,
    favicon: Styles.text,
    frame: Styles.flag,
    icon: optional(IconName)
  })
)

const cardAction = optional(Schema.Struct({ label: Schema.String, action: ActionConfig }))
export const Card = Schema.Struct({
  ...Styles.component("Card"),
  children: Schema.Array(WidgetComponent),
  asForm: Styles.flag,
  background: Styles.color,
  border: optional(Styles.Border),
  size: Styles.oneOf("sm", "md", "lg", "full"),
  padding: Styles.spacing,
  status,
  collapsed: Styles.flag,
  confirm: cardAction,
  cancel: cardAction,
  theme: Styles.theme
})
export type Card = typeof Card.Type

export const ListView = Schema.Struct({
  ...Styles.component("ListView"),
  children: Schema.Array(ListViewItem),
  limit: optional(Schema.Union([Schema.Int, Schema.Literal("auto")])),
  status,
  theme: Styles.theme
})
export type ListView = typeof ListView.Type

/** A `Basic` root may hold components and other roots. */
type Nested = WidgetComponent | Card | ListView | Basic
const nested = Schema.suspend((): Schema.Codec<Nested, unknown> =>
  Schema.Union([...WidgetComponent.members, Card, ListView, Basic]).annotate({
    identifier: "Widget"
  })
)
const basic = {
  theme: Styles.theme,
  direction: Styles.direction,
  gap: length,
  padding: Styles.spacing,
  align: Styles.align,
  justify: Styles.justify
}
export interface Basic extends Styles.Component<"Basic">, Fields<typeof basic> {
  readonly children?: Nested | ReadonlyArray<Nested>
}
export const Basic = Schema.Struct({
  ...Styles.component("Basic"),
  children: optional(Schema.Union([Schema.Array(nested), nested])),
  ...basic
})
