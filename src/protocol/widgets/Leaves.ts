import { Schema } from "effect"
import { Chart } from "./Charts.ts"
import * as Controls from "./Controls.ts"
import * as Texts from "./Texts.ts"

/** The components that hold no other components. */
export const Leaf = Schema.Union([
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
  Chart
])
export type Leaf = typeof Leaf.Type
