import { applied, type Edit, hashOf, type Mutant, mutantOf } from "./Mutant.ts"
import { operatorEdits } from "./rules/Operators.ts"
import { sqlEdits } from "./rules/Sql.ts"
import { stepEdits } from "./rules/Steps.ts"
import { visits } from "./rules/Syntax.ts"
import { valueEdits } from "./rules/Values.ts"

const editsOf = (source: string): ReadonlyArray<Edit> => {
  const all = visits(source)
  return all.flatMap((visit) => [
    ...operatorEdits(source, visit),
    ...valueEdits(visit, all),
    ...stepEdits(source, visit),
    ...sqlEdits(source, visit)
  ])
}

/** Every mistake that the rules know for a source file, each text once. */
export const mutantsOf = (file: string, source: string): ReadonlyArray<Mutant> => {
  const texts = new Set([source])
  return editsOf(source).flatMap((edit) => {
    const text = applied(source, edit)
    if (texts.has(text)) return []
    texts.add(text)
    return [mutantOf(file, source, edit)]
  })
}

/** In an order that nothing but a change of the mistake's own line changes. */
export const shuffled = (mutants: ReadonlyArray<Mutant>): ReadonlyArray<Mutant> =>
  mutants
    .map((mutant) => ({ mutant, by: hashOf([mutant.file, mutant.at, mutant.change].join("\n")) }))
    .sort((a, b) => (a.by < b.by ? -1 : 1))
    .map(({ mutant }) => mutant)
