import { Schema } from "effect"
import { ActionConfig } from "./Actions.ts"
import { IconName } from "./Icons.ts"
import { optional } from "./Lax.ts"
import * as Charts from "./WidgetCharts.ts"
import * as Controls from "./WidgetControls.ts"
import * as Styles from "./WidgetStyles.ts"
import * as Texts from "./WidgetTexts.ts"

/**
 * What a root is made of, spelt as the protocol spells it. Unknown fields are dropped when one of
 * these is read: they are for building and checking widgets, and `WidgetRoot` is for reading them.
 */
export type WidgetComponent =
  | Texts.Text
  | Texts.Title
  | Texts.Caption
  | Texts.Markdown
  | Texts.Badge
  | Texts.Icon
  | Texts.Image
  | Texts.Divider
  | Texts.Spacer
  | Controls.Button
  | Controls.Select
  | Controls.DatePicker
  | Controls.Checkbox
  | Controls.Input
  | Controls.Textarea
  | Controls.Label
  | Controls.RadioGroup
  | Charts.Chart
  | ListViewItem
  | Box
  | Row
  | Col
  | Form
  | Transition
  | Table
  | TableRow
  | TableCell

const child = Schema.suspend((): Schema.Codec<WidgetComponent, unknown> => WidgetComponent)
const children = Schema.Array(child)
const length = optional(Styles.Length)

type Fields<F extends Schema.Struct.Fields> = Schema.Struct.Type<F>
interface Children {
  readonly children: ReadonlyArray<WidgetComponent>
}

const listViewItem = {
  onClickAction: optional(ActionConfig),
  gap: length,
  align: Styles.align
}
export interface ListViewItem
  extends Styles.Component<"ListViewItem">, Children, Fields<typeof listViewItem> {}
export const ListViewItem = Schema.Struct({
  ...Styles.component("ListViewItem"),
  children,
  ...listViewItem
})

interface BoxProps extends Partial<Children>, Fields<typeof Styles.box> {}
const box = { children: optional(children), ...Styles.box }

export interface Box extends Styles.Component<"Box">, BoxProps {
  readonly direction?: "row" | "col"
}
export const Box = Schema.Struct({
  ...Styles.component("Box"),
  ...box,
  direction: Styles.direction
})

export interface Row extends Styles.Component<"Row">, BoxProps {}
export const Row = Schema.Struct({ ...Styles.component("Row"), ...box })

export interface Col extends Styles.Component<"Col">, BoxProps {}
export const Col = Schema.Struct({ ...Styles.component("Col"), ...box })

export interface Form extends Styles.Component<"Form">, BoxProps {
  readonly onSubmitAction?: ActionConfig
  readonly direction?: "row" | "col"
}
export const Form = Schema.Struct({
  ...Styles.component("Form"),
  onSubmitAction: optional(ActionConfig),
  ...box,
  direction: Styles.direction
})

/** Animates from one child to the next, told apart by their `key`. */
export interface Transition extends Styles.Component<"Transition"> {
  readonly children?: WidgetComponent
}
export const Transition = Schema.Struct({
  ...Styles.component("Transition"),
  children: optional(child)
})

const cell = {
  width: length,
  padding: Styles.spacing,
  colSpan: Styles.count,
  rowSpan: Styles.count,
  align: Styles.textAlign,
  vAlign: Styles.textAlign,
  colSize: Styles.textSize
}
export interface TableCell
  extends Styles.Component<"Table.Cell">, Partial<Children>, Fields<typeof cell> {}
export const TableCell = Schema.Struct({
  ...Styles.component("Table.Cell"),
  children: optional(children),
  ...cell
})

export interface TableRow extends Styles.Component<"Table.Row"> {
  readonly children?: ReadonlyArray<TableCell>
  readonly header?: boolean
}
export const TableRow = Schema.Struct({
  ...Styles.component("Table.Row"),
  children: optional(Schema.Array(TableCell)),
  header: Styles.flag
})

export interface Table extends Styles.Component<"Table"> {
  readonly children?: ReadonlyArray<TableRow>
}
export const Table = Schema.Struct({
  ...Styles.component("Table"),
  children: optional(Schema.Array(TableRow))
})

export const WidgetComponent = Schema.Union([
  Texts.Text,
  Texts.Title,
  Texts.Caption,
  Texts.Markdown,
  Texts.Badge,
  Texts.Icon,
  Texts.Image,
  Texts.Divider,
  Texts.Spacer,
  Controls.Button,
  Controls.Select,
  Controls.DatePicker,
  Controls.Checkbox,
  Controls.Input,
  Controls.Textarea,
  Controls.Label,
  Controls.RadioGroup,
  Charts.Chart,
  ListViewItem,
  Box,
  Row,
  Col,
  Form,
  Transition,
  Table,
  TableRow,
  TableCell
])

const status = optional(
  Schema.Struct({
    text: Schema.String,
    favicon: Styles.words,
    frame: Styles.flag,
    icon: optional(IconName)
  })
)

const cardAction = optional(Schema.Struct({ label: Schema.String, action: ActionConfig }))
const card = {
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
}
export interface Card extends Styles.Component<"Card">, Children, Fields<typeof card> {}
export const Card = Schema.Struct({ ...Styles.component("Card"), children, ...card })

export const ListView = Schema.Struct({
  ...Styles.component("ListView"),
  children: Schema.Array(ListViewItem),
  limit: optional(Schema.Union([Schema.Int, Schema.Literal("auto")])),
  status,
  theme: Styles.theme
})
export type ListView = typeof ListView.Type

/** What a `Basic` root may hold: components, and roots of its own. */
type Nested = WidgetComponent | Card | ListView | Basic
const nested = Schema.suspend((): Schema.Codec<Nested, unknown> =>
  Schema.Union([...WidgetComponent.members, Card, ListView, Basic])
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
