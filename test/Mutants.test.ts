import { assert, describe, it } from "@effect/vitest"
import { applied } from "../scripts/mutate/Mutant.ts"
import { mutantsOf } from "../scripts/mutate/Mutants.ts"
import { stagesFor } from "../scripts/mutate/Tests.ts"

/** The texts that mistakes of a kind make of a source. */
const made = (source: string, kind: string) =>
  mutantsOf("src/a.ts", source)
    .filter((mutant) => mutant.kind === kind)
    .map((mutant) => applied(source, mutant))

describe("the mistakes that are tried", () => {
  it("drop a condition of a statement, or the lock, but nothing inside a value", () => {
    const source =
      "const q = sql`select a from t where id = ${f(`x and y`)} and user_id = ${u} for update`"
    assert.deepStrictEqual(made(source, "sql condition"), [
      "const q = sql`select a from t where true and user_id = ${u} for update`",
      "const q = sql`select a from t where id = ${f(`x and y`)} and true for update`"
    ])
    assert.deepStrictEqual(made(source, "sql"), [
      "const q = sql`select a from t where id = ${f(`x and y`)} and user_id = ${u} `"
    ])
  })

  it("forget an assignment, an order, and one of two comparisons", () => {
    assert.deepStrictEqual(made("sql`update t set a = 1, b = 2 where c < 3`", "sql assignment"), [
      "sql`update t set b = 2 where c < 3`",
      "sql`update t set a = 1 where c < 3`"
    ])
    assert.deepStrictEqual(made("sql`select a from t order by a desc limit 3`", "sql order"), [
      "sql`select a from t limit 3`"
    ])
    assert.include(made("sql`select a where c < 3`", "sql"), "sql`select a where c <= 3`")
  })

  it("take one operator for another, forget one side, and forget a guard", () => {
    assert.deepStrictEqual(made("f(a < b)", "operator"), ["f(a <= b)"])
    assert.deepStrictEqual(made("f(a && b)", "logic"), ["f(a || b)", "f(a)", "f(b)"])
    assert.deepStrictEqual(made("if (a) b()", "guard"), ["if (false) b()", "if (true) b()"])
    assert.deepStrictEqual(made("f(a ? b : c)", "choice"), ["f(b)", "f(c)"])
    assert.deepStrictEqual(made('f("a" + b)', "operator"), [])
  })

  it("forget a step, a stage of a pipe, and an option", () => {
    assert.deepStrictEqual(made("function* f() { yield* a }", "statement"), ["function* f() { ; }"])
    assert.deepStrictEqual(made("a.pipe(b, c)", "step"), ["a.pipe(c)", "a.pipe(b)"])
    assert.deepStrictEqual(made("g(Effect.retry(a, b))", "step"), ["g(a)"])
    assert.deepStrictEqual(made("f({ a: 1, b })", "member"), ["f({ b })", "f({ a: 1 })"])
  })

  it("take one constant, word or error for another", () => {
    assert.deepStrictEqual(made("f(3, 60_000)", "number"), ["f(4, 60_000)", "f(3, 600000)"])
    assert.deepStrictEqual(made('f("a"); f("b")', "string"), ['f("b"); f("b")', 'f("a"); f("a")'])
    const errors = 'import { A, B } from "./Errors.ts"\nthrow new A()'
    assert.deepStrictEqual(made(errors, "error"), [errors.replace("new A", "new B")])
  })

  it("are none in types, names of spans and imports", () => {
    const source = `import a from "b"\ntype C = "d"\nconst e: "f" = g\nEffect.fn("Store.read")`
    assert.deepStrictEqual(made(source, "string"), [])
  })

  it("are tried first by the tests that are named after their source", () => {
    const [first, room = []] = stagesFor("src/auth/Users.ts", false)
    assert.deepStrictEqual(first, ["test/unit/auth/Users.test.ts"])
    assert.include(room, "test/unit/auth/Authenticator.test.ts")
    assert.notInclude(room, "test/unit/auth/Users.test.ts")
  })
})
