import { Schema } from "effect"
import { ActionConfig } from "../Actions.ts"
import { optional } from "../Lenient.ts"
import { Leaf } from "./Leaves.ts"
import * as Styles from "./Styles.ts"

/**
 * A component inside a root. These schemas are for building and checking widgets that are at most
 * some hundred components deep, and they drop unknown fields. To keep a widget as somebody else
 * wrote it, decode it as `WidgetRoot` or `AnyWidgetComponent`.
 */
export type WidgetComponent =
  Leaf | ListViewItem | Box | Row | Col | Form | Transition | Table | TableRow | TableCell

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

/** Animates the change from one child to the next; children are distinguished by their `key`. */
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
  ...Leaf.members,
  ListViewItem,
  Box,
  Row,
  Col,
  Form,
  Transition,
  Table,
  TableRow,
  TableCell
]).annotate({ identifier: "WidgetComponent" })
