import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  decoded,
  defectsIn,
  listOf,
  type Person,
  persons,
  PropertyServer
} from "../support/properties/PropertyServer.ts"
import {
  beginning,
  bodyOf,
  type Given,
  ids,
  learn,
  prying,
  Step
} from "../support/properties/IsolationSteps.ts"

const markOf = (person: Person) => `mark-of-${person}`
const otherOf = (person: Person): Person => (person === "ada" ? "grace" : "ada")
const nothing = (): Given => ({ threads: new Set(), files: new Set(), items: new Map() })

/** Replaces the parts that differ in every run: ids by order of appearance, times, signatures. */
const normalising = () => {
  const seen = new Map<string, string>()
  return (body: string) =>
    body
      .replace(ids, (id) => {
        const name = seen.get(id) ?? `${id.slice(0, id.indexOf("_"))}#${seen.size}`
        seen.set(id, name)
        return name
      })
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "T")
      .replace(/expires=\d+&signature=[\w-]+/g, "signed")
}

/** Every answer each person got, and in the end everything each can read. */
const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const server = yield* PropertyServer
  yield* server.clear
  const given = { ada: nothing(), grace: nothing() }
  const normalised = { ada: normalising(), grace: normalising() }
  const heard: Record<Person, Array<string>> = { ada: [], grace: [] }

  const hear = Effect.fnUntraced(function* (who: Person, body: unknown) {
    const answer = yield* server.ask(who, body)
    const other = otherOf(who)
    assert.notInclude(answer.body, markOf(other))
    const { files, items, threads } = given[other]
    for (const [id] of answer.body.matchAll(ids)) {
      assert.isFalse(threads.has(id) || files.has(id) || items.has(id), `${id} is ${other}'s`)
    }
    decoded(answer)
    learn(given[who], answer.body)
    heard[who].push(`${answer.status} ${normalised[who](answer.body)}`)
  })

  for (const step of steps) {
    const { who } = step
    yield* hear(who, bodyOf(step, markOf(who), given[who], given[otherOf(who)]))
  }
  for (const who of persons) {
    yield* hear(who, { type: "threads.list", params: { limit: 500 } })
    for (const thread_id of given[who].threads) {
      yield* hear(who, { type: "threads.get_by_id", params: { thread_id } })
      yield* hear(who, { type: "items.list", params: { thread_id, limit: 500 } })
    }
  }
  assert.deepStrictEqual(defectsIn(server.logs), [])
  return heard
})

/** Each user gets the answers that a user alone on the server gets. */
const asAlone = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const together = yield* play(steps)
  for (const person of persons) {
    const alone = yield* play(steps.filter(({ who }) => who === person))
    assert.deepStrictEqual(together[person], alone[person])
  }
})

layer(PropertyServer.layer, { excludeTestServices: true })("whatever two people ask", (it) => {
  it.effect("another user's id is answered like an unknown id by every operation", () =>
    asAlone([...beginning, ...prying])
  )

  it.effect.prop(
    "each is answered as if the other did not exist",
    [listOf(Step, 20, 50)],
    ([steps]) => asAlone([...beginning, ...steps]),
    { arbitrary: { runs: 8, size: 40, maxShrinks: 15 } }
  )
})
