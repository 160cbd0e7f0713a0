import { clientDirectives } from "./ClientDirectives.ts"
import type { Directives } from "./Directive.ts"
import { errorDirectives } from "./ErrorDirectives.ts"
import { historyDirectives } from "./HistoryDirectives.ts"
import { itemDirectives } from "./ItemDirectives.ts"
import { threadDirectives } from "./ThreadDirectives.ts"

export const directives: Directives = {
  ...clientDirectives,
  ...itemDirectives,
  ...historyDirectives,
  ...threadDirectives,
  ...errorDirectives
}
