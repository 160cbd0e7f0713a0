import { spawn } from "node:child_process"
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { applied, type Mutant } from "./Mutant.ts"

/** The parts of the project that the tests need; its packages are shared. */
const copied = [
  ".env.example",
  "README.md",
  "docs",
  "examples",
  "package.json",
  "quickstart.md",
  "scripts",
  "src",
  "test",
  "tsconfig.json"
]

/** How a run of tests ended, and the test that failed. */
export type TestRun =
  | { readonly outcome: "passed"; readonly milliseconds: number }
  | { readonly outcome: "failed" | "timed out"; readonly by: string }

interface Report {
  readonly success: boolean
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly message: string | null
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly fullName: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

interface Ended {
  readonly code: number | undefined
  readonly text: string
}

/** Runs a program of the packages; `code` is undefined when it took too long. */
const run = (cwd: string, script: string, args: ReadonlyArray<string>, limit: number) =>
  new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, [join("node_modules", script), ...args], {
      cwd,
      // A group of its own, so that what a test has started ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let text = ""
    let isLate = false
    const keep = (piece: unknown) => {
      text = (text + String(piece)).slice(-200_000)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    const end = () => {
      try {
        process.kill(-child.pid!, "SIGKILL")
      } catch {
        // It has ended.
      }
    }
    const timer = setTimeout(() => {
      isLate = true
      end()
    }, limit)
    process.once("exit", end)
    child.on("close", (code) => {
      clearTimeout(timer)
      process.off("exit", end)
      end()
      resolve({ code: isLate ? undefined : (code ?? 1), text })
    })
  })

/** A copy of the project in which mistakes are tried, so that the checkout stays as it is. */
export class Workplace {
  readonly #root: string
  readonly #report: string

  constructor(project: string) {
    this.#root = mkdtempSync(join(tmpdir(), "chatkit-mutate-"))
    this.#report = join(this.#root, "report.json")
    process.once("exit", () => rmSync(this.#root, { recursive: true, force: true }))
    for (const name of copied) {
      cpSync(join(project, name), join(this.#root, name), {
        recursive: true,
        filter: (path) => !path.endsWith("node_modules")
      })
    }
    symlinkSync(realpathSync(join(project, "node_modules")), join(this.#root, "node_modules"))
    writeFileSync(
      join(this.#root, "tsconfig.mutants.json"),
      JSON.stringify({
        extends: "./tsconfig.json",
        compilerOptions: {
          incremental: true,
          tsBuildInfoFile: "mutants.tsbuildinfo",
          // What a mistake leaves unused is no reason to call it impossible.
          noUnusedLocals: false,
          noUnusedParameters: false
        },
        include: ["src"],
        files: []
      })
    )
  }

  /** Runs `work` while these mistakes are in the files, at most one in each. */
  async with<A>(mutants: ReadonlyArray<Mutant>, work: () => Promise<A>): Promise<A> {
    const before = mutants.map(({ file }) => readFileSync(join(this.#root, file), "utf8"))
    mutants.forEach((mutant, n) =>
      writeFileSync(join(this.#root, mutant.file), applied(before[n]!, mutant))
    )
    try {
      return await work()
    } finally {
      mutants.forEach(({ file }, n) => writeFileSync(join(this.#root, file), before[n]!))
    }
  }

  /** The sources that do not compile as they are now. */
  async wrongSources(): Promise<ReadonlySet<string>> {
    const args = ["-p", "tsconfig.mutants.json", "--pretty", "false"]
    const { text } = await run(this.#root, "typescript/bin/tsc", args, 120_000)
    return new Set(
      [...text.matchAll(/^(src\/[^(\n]+)\(\d+,\d+\): error/gm)].map(([, file]) => file!)
    )
  }

  /** Runs test files until one test fails, for `limit` milliseconds at most. */
  async test(files: ReadonlyArray<string>, limit: number): Promise<TestRun> {
    const startedAt = Date.now()
    rmSync(this.#report, { force: true })
    const args = ["run", "--config", "scripts/mutate/vitest.config.ts"]
    const { code, text } = await run(
      this.#root,
      "vitest/vitest.mjs",
      [...args, `--outputFile=${this.#report}`, ...files],
      limit
    )
    if (code === 0) return { outcome: "passed", milliseconds: Date.now() - startedAt }
    if (code === undefined) return { outcome: "timed out", by: "" }
    return { outcome: "failed", by: this.#failure() ?? text.slice(-2_000) }
  }

  /** The first test that failed, or the file, and why. */
  #failure(): string | undefined {
    let report: Report
    try {
      report = JSON.parse(readFileSync(this.#report, "utf8")) as Report
    } catch {
      return undefined
    }
    for (const { assertionResults, message, name } of report.testResults) {
      const file = name.slice(name.indexOf("test/"))
      const failed = assertionResults.find(({ status }) => status === "failed")
      const [why = ""] = failed?.failureMessages ?? [message]
      if (failed !== undefined || (message ?? "") !== "") {
        return `${file}: ${failed?.fullName ?? ""}: ${why?.split("\n")[0]?.slice(0, 160)}`
      }
    }
    return undefined
  }
}
