// Plain JavaScript, because it has to run on any Node to find the one that the server needs.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import module from "node:module"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseEnv } from "node:util"

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
  if (flags.has("--env")) loadEnvironment()
  if (process.env.npm_lifecycle_event !== undefined) stopWithoutParent()
  process.argv = [process.execPath, resolve(args[0]), ...args.slice(1)]
  await import(pathToFileURL(process.argv[1]).href)
}

/** Reads `.env`, where there is one. The real environment wins over the file. */
function loadEnvironment() {
  if (!existsSync(".env")) return
  let text
  try {
    text = readFileSync(".env", "utf8")
  } catch (error) {
    console.error(`.env cannot be read (${error.code}): make it a file that this user may read.`)
    process.exit(1)
  }
  // Editors on Windows begin a file with a mark, which would become part of the first name.
  const values = parseEnv(text.replace(/^\uFEFF/, ""))
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value
}

/**
 * npm passes a signal on to the shell it started, and the shell ends without passing it on to us.
 * So the loss of the shell, or of npm above it, counts as the signal to stop.
 */
function stopWithoutParent() {
  const parent = process.ppid
  const npm = parentOf(parent)
  if (npm === 1 && parentOf(1) === 0 && commandOf(1).includes("npm")) {
    console.error(
      "npm is process 1 here, and its end kills this server before it can drain: " +
        "start with `node scripts/run.mjs --env src/main.ts` in its place."
    )
  }
  const watch = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isAlive(npm))) return
    clearInterval(watch)
    process.kill(process.pid, "SIGTERM")
  }, 250)
  watch.unref()
}

/** By Linux's procfs, or by `ps`; undefined where there is neither. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
  } catch {
    const { status, stdout } = spawnSync("ps", ["-o", "ppid=", "-p", String(pid)])
    return status === 0 ? Number(stdout) : undefined
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process is one, too.
    return error.code === "EPERM"
  }
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
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
  if (process.env.npm_lifecycle_event !== undefined) stopWithoutParent()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal))
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
}
