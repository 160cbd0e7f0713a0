// Plain JavaScript, because it has to run on any Node to find the one that the server needs.
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import module from "node:module"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const needed = 24
const runner = fileURLToPath(import.meta.url)
const flags = new Set()
const args = process.argv.slice(2)
while (args[0]?.startsWith("--")) flags.add(args.shift())

if (Number(process.versions.node.split(".")[0]) < needed) {
  const pinned = pinnedNode()
  if (pinned === undefined) {
    console.error(
      `effect-chatkit needs Node ${needed} or newer, and this is Node ${process.versions.node}: ` +
        "install Node 24, or run `npm ci` without leaving out optional dependencies, which bring it along."
    )
    process.exit(1)
  }
  become(pinned, [runner, ...flags, ...args])
} else if (flags.delete("--watch")) {
  become(process.execPath, ["--watch", runner, ...flags, ...args])
} else {
  // Without the cache, a short command spends half of its time on compiling the same sources again.
  module.enableCompileCache?.()
  // An import of "effect-chatkit" means the sources here, and what was built in a package.
  module.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, "effect-chatkit-source"] })
  })
  // The real environment wins over the file.
  if (flags.has("--env") && existsSync(".env")) process.loadEnvFile(".env")
  process.argv = [process.execPath, resolve(args[0]), ...args.slice(1)]
  await import(pathToFileURL(process.argv[1]).href)
}

/** npm links the pinned Node where the scripts find it first, but npm 10 only on some platforms. */
function pinnedNode() {
  const root = resolve(runner, "../..")
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const platform = process.platform === "win32" ? "win" : process.platform
  const binary = platform === "win" ? "bin/node.exe" : "bin/node"
  return Object.keys(optionalDependencies)
    .filter((name) => name.endsWith(`-${platform}-${process.arch}`))
    .map((name) => join(root, "node_modules", name, binary))
    .find((path) => existsSync(path))
}

/** Replaces this process by a program: passes terminal and signals on, and ends as it ends. */
function become(program, programArgs) {
  const child = spawn(program, programArgs, { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal))
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
}
