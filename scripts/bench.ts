import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"

const directory = join(import.meta.dirname, "bench")

// npm writes this file last.
if (!existsSync(join(directory, "node_modules/.package-lock.json"))) {
  console.error("Installing the packages that only the benchmark needs: npm ci in scripts/bench.")
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: directory,
    stdio: ["ignore", "inherit", "inherit"]
  })
  if (status !== 0) process.exit(1)
}

// A name that the compiler cannot follow: the types must be right without those packages, too.
const main = join(directory, "Main.ts")
await import(main)
