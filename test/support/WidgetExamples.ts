import type { Schema } from "effect"

const background = { light: "#fff", dark: "#000" }
const action = {
  type: "press",
  payload: { at: 1 },
  handler: "client",
  loadingBehavior: "self",
  streaming: false
}
const text = { type: "Text", value: "Hello" }
const named = { key: "k", id: "i" }

const dimensions = {
  height: 1,
  width: "50%",
  size: 1.5,
  minHeight: 1,
  minWidth: 1,
  minSize: 1,
  maxHeight: 1,
  maxWidth: 1,
  maxSize: 1,
  aspectRatio: "16/9"
}
const box = {
  children: [text],
  align: "baseline",
  justify: "between",
  wrap: "wrap-reverse",
  flex: 1,
  gap: "2px",
  padding: { top: 1, right: "2px", bottom: 3, left: 4, x: 5, y: 6 },
  margin: 4,
  border: { top: 1, x: { size: 2, color: background, style: "dashed" } },
  radius: "100%",
  background,
  ...dimensions
}
const typeface = { weight: "bold", textAlign: "end", color: "danger", truncate: true, maxLines: 2 }
const field = {
  defaultValue: "d",
  required: true,
  pattern: ".*",
  placeholder: "p",
  allowAutofillExtensions: true,
  autoSelect: true,
  autoFocus: true,
  disabled: true,
  variant: "outline",
  size: "3xs",
  gutterSize: "2xs"
}
const picker = {
  onChangeAction: action,
  placeholder: "p",
  defaultValue: "2026-01-01",
  variant: "ghost",
  size: "3xl",
  pill: true,
  block: true,
  clearable: true,
  disabled: true
}
const editable = {
  name: "n",
  autoFocus: true,
  autoSelect: true,
  autoComplete: "off",
  allowAutofillExtensions: true,
  pattern: ".*",
  placeholder: "p",
  required: true
}

interface Example {
  /** Its required fields. */
  readonly least: Schema.JsonObject
  /** All it may have besides. */
  readonly rest: Schema.JsonObject
}

/** Every component: what it needs, and every field it may have. */
export const examples: { readonly [type: string]: Example } = {
  Card: {
    least: { type: "Card", children: [] },
    rest: {
      ...named,
      children: [text],
      asForm: true,
      background,
      border: { size: 1, color: "red-100", style: "solid" },
      size: "full",
      padding: 1,
      status: { text: "s", favicon: "f", frame: true },
      collapsed: true,
      confirm: { label: "Yes", action },
      cancel: { label: "No", action: { type: "close" } },
      theme: "dark"
    }
  },
  ListView: {
    least: { type: "ListView", children: [] },
    rest: {
      ...named,
      children: [{ type: "ListViewItem", children: [text] }],
      limit: "auto",
      status: { text: "s", icon: "lucide:star" },
      theme: "light"
    }
  },
  ListViewItem: {
    least: { type: "ListViewItem", children: [] },
    rest: { ...named, children: [text], onClickAction: action, gap: 1, align: "center" }
  },
  Basic: {
    least: { type: "Basic" },
    rest: {
      ...named,
      children: [text, { type: "Card", children: [] }, { type: "Basic", children: text }],
      theme: "dark",
      direction: "row",
      gap: 1,
      padding: "1px",
      align: "stretch",
      justify: "evenly"
    }
  },
  Box: { least: { type: "Box" }, rest: { ...named, ...box, direction: "col" } },
  Row: { least: { type: "Row" }, rest: { ...named, ...box } },
  Col: { least: { type: "Col" }, rest: { ...named, ...box } },
  Form: {
    least: { type: "Form" },
    rest: { ...named, ...box, onSubmitAction: action, direction: "row" }
  },
  Text: {
    least: text,
    rest: {
      ...named,
      ...typeface,
      streaming: true,
      italic: true,
      lineThrough: true,
      width: 1,
      size: "xl",
      minLines: 1,
      editable
    }
  },
  Title: {
    least: { type: "Title", value: "" },
    rest: { ...named, ...typeface, size: "5xl" }
  },
  Caption: {
    least: { type: "Caption", value: "" },
    rest: { ...named, ...typeface, size: "lg" }
  },
  Markdown: { least: { type: "Markdown", value: "" }, rest: { ...named, streaming: false } },
  Badge: {
    least: { type: "Badge", label: "" },
    rest: { ...named, color: "discovery", variant: "soft", size: "sm", pill: true }
  },
  Icon: {
    least: { type: "Icon", name: "agent" },
    rest: { ...named, color: background, size: "3xl" }
  },
  Image: {
    least: { type: "Image", src: "s" },
    rest: {
      ...named,
      ...dimensions,
      alt: "a",
      fit: "scale-down",
      position: "bottom right",
      radius: "none",
      frame: true,
      flush: true,
      margin: { x: 1 },
      background,
      flex: 1
    }
  },
  Button: {
    least: { type: "Button" },
    rest: {
      ...named,
      submit: true,
      label: "Go",
      onClickAction: action,
      iconStart: "check",
      iconEnd: "vendor:x",
      style: "primary",
      iconSize: "2xl",
      color: "caution",
      variant: "solid",
      size: "md",
      pill: true,
      uniform: true,
      block: true,
      disabled: true
    }
  },
  Divider: {
    least: { type: "Divider" },
    rest: { ...named, color: "strong", size: 1, spacing: "1px", flush: true }
  },
  Spacer: { least: { type: "Spacer" }, rest: { ...named, minSize: 1 } },
  Transition: { least: { type: "Transition" }, rest: { ...named, children: text } },
  Select: {
    least: { type: "Select", name: "n", options: [] },
    rest: {
      ...named,
      ...picker,
      options: [{ value: "v", label: "l", disabled: true, description: "d" }],
      searchable: true
    }
  },
  DatePicker: {
    least: { type: "DatePicker", name: "n" },
    rest: {
      ...named,
      ...picker,
      min: "2026-01-01",
      max: "2026-12-31T00:00:00Z",
      side: "left",
      align: "end"
    }
  },
  Checkbox: {
    least: { type: "Checkbox", name: "n" },
    rest: {
      ...named,
      label: "l",
      defaultChecked: true,
      onChangeAction: action,
      disabled: true,
      required: true
    }
  },
  Input: {
    least: { type: "Input", name: "n" },
    rest: { ...named, ...field, inputType: "tel", pill: true }
  },
  Textarea: {
    least: { type: "Textarea", name: "n" },
    rest: { ...named, ...field, rows: 2, autoResize: true, maxRows: 5 }
  },
  Label: {
    least: { type: "Label", value: "v", fieldName: "n" },
    rest: { ...named, size: "xs", weight: "medium", textAlign: "start", color: "primary" }
  },
  RadioGroup: {
    least: { type: "RadioGroup", name: "n" },
    rest: {
      ...named,
      options: [{ label: "l", value: "v", disabled: true }],
      ariaLabel: "a",
      onChangeAction: action,
      defaultValue: "v",
      direction: "col",
      disabled: true,
      required: true
    }
  },
  Chart: {
    least: { type: "Chart", data: [], series: [], xAxis: "month" },
    rest: {
      ...named,
      ...dimensions,
      data: [{ month: "May", sold: 2.5 }],
      series: [
        { type: "bar", label: "l", dataKey: "sold", stack: "s", color: "blue" },
        { type: "area", label: "l", dataKey: "sold", stack: "s", color: "red", curveType: "bump" },
        { type: "line", label: "l", dataKey: "sold", color: background, curveType: "stepAfter" }
      ],
      xAxis: { dataKey: "month", hide: true, labels: { May: "5" } },
      showYAxis: true,
      showLegend: true,
      showTooltip: true,
      barGap: 1,
      barCategoryGap: 2,
      flex: "auto"
    }
  },
  Table: {
    least: { type: "Table" },
    rest: { ...named, children: [{ type: "Table.Row" }] }
  },
  "Table.Row": {
    least: { type: "Table.Row" },
    rest: { ...named, children: [{ type: "Table.Cell" }], header: true }
  },
  "Table.Cell": {
    least: { type: "Table.Cell" },
    rest: {
      ...named,
      children: [text],
      width: "1px",
      padding: { y: 1 },
      colSpan: 2,
      rowSpan: 2,
      align: "start",
      vAlign: "center",
      colSize: "xl"
    }
  }
}
