import { Schema } from "effect"
import { optional } from "../Lenient.ts"
import { color, component, count, dimensions, flag, Length, oneOf, text } from "./Styles.ts"

const series = { label: text, dataKey: Schema.String }
const curveType = oneOf(
  "basis",
  "basisClosed",
  "basisOpen",
  "bumpX",
  "bumpY",
  "bump",
  "linear",
  "linearClosed",
  "natural",
  "monotoneX",
  "monotoneY",
  "monotone",
  "step",
  "stepBefore",
  "stepAfter"
)

const Series = Schema.Union([
  Schema.Struct({ type: Schema.tag("bar"), ...series, stack: text, color }),
  Schema.Struct({ type: Schema.tag("area"), ...series, stack: text, color, curveType }),
  Schema.Struct({ type: Schema.tag("line"), ...series, color, curveType })
])

/** Each row of `data` maps the `dataKey`s of `xAxis` and `series` to their values. */
export const Chart = Schema.Struct({
  ...component("Chart"),
  data: Schema.Array(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))),
  series: Schema.Array(Series),
  xAxis: Schema.Union([
    Schema.String,
    Schema.Struct({
      dataKey: Schema.String,
      hide: flag,
      labels: optional(Schema.Record(Schema.String, Schema.String))
    })
  ]),
  showYAxis: flag,
  showLegend: flag,
  showTooltip: flag,
  barGap: count,
  barCategoryGap: count,
  flex: optional(Length),
  ...dimensions
})
export type Chart = typeof Chart.Type
