/** The door to the typed components, for authors of widgets: `import * as Widgets from …`. */

export { AnyWidgetComponent, DynamicWidget, dynamicWidget, WidgetRoot } from "./AnyWidget.ts"
export { Chart } from "./Charts.ts"
export {
  Box,
  Col,
  Form,
  ListViewItem,
  Row,
  Table,
  TableCell,
  TableRow,
  Transition,
  WidgetComponent
} from "./Containers.ts"
export {
  Button,
  Checkbox,
  DatePicker,
  Input,
  Label,
  RadioGroup,
  Select,
  Textarea
} from "./Controls.ts"
export { Basic, Card, ListView } from "./Roots.ts"
export { Badge, Caption, Divider, Icon, Image, Markdown, Spacer, Text, Title } from "./Texts.ts"
