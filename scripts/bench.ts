import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import * as http from "node:http"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

// Load on loopback, bounded in requests. What counts is the ratio of two lines of one run: the
// machine's own speed is in all of them.
const rounds = 4
const requestsPerRound = 2_000
const connections = 32

const root = resolve(import.meta.dirname, "..")
const directory = mkdtempSync(join(tmpdir(), "chatkit-bench-"))
const env: NodeJS.ProcessEnv = { ...process.env, PORT: "0", LOG_FORMAT: "json", LOG_LEVEL: "error" }
const run = (entry: string, ...args: ReadonlyArray<string>) =>
  spawn(process.execPath, [join(root, "scripts/run.mjs"), join(root, entry), ...args], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "inherit"]
  })

const firstMatch = (child: ReturnType<typeof run>, pattern: RegExp) =>
  new Promise<string>((found, failed) => {
    let text = ""
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      const match = pattern.exec(text)?.[1]
      if (match !== undefined) found(match)
    })
    child.on("exit", () => failed(new Error(`ended before it said ${pattern.source}`)))
  })

const agent = new http.Agent({ keepAlive: true, maxSockets: connections })

const send = (url: string, method: string, headers: Record<string, string>, body?: string) =>
  new Promise<number>((done, failed) => {
    const request = http.request(url, { agent, method, headers }, (response) => {
      response.resume().on("end", () => done(response.statusCode ?? 0))
    })
    request.on("error", failed).end(body)
  })

const perSecond = async (expected: number, once: () => Promise<number>) => {
  let left = requestsPerRound
  const began = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) {
        const status = await once()
        if (status !== expected) throw new Error(`expected ${expected}, got ${status}`)
      }
    })
  )
  return (requestsPerRound / (performance.now() - began)) * 1000
}

const server = run("src/main.ts")
try {
  const url = await firstMatch(server, /listens on (\S+) /)
  const person = env["DATABASE_URL"] === undefined ? "ada" : (process.argv[2] ?? "ada@example.com")
  const token = await firstMatch(run("scripts/token.ts", person), /^(\S+)\n/)
  const chatkit = `${url}/support/chatkit`
  const json = { "content-type": "application/json" }
  const authorized = { ...json, authorization: `Bearer ${token}` }
  const forged = { ...json, authorization: `Bearer ${token.slice(0, -8)}AAAAAAAA` }
  const list = JSON.stringify({ type: "threads.list", params: {} })

  const cases: ReadonlyArray<readonly [string, number, () => Promise<number>]> = [
    ["health (no authentication)", 200, () => send(`${url}/support/health`, "GET", {})],
    ["no token: refused", 401, () => send(chatkit, "POST", json, "{}")],
    ["forged signature: refused", 401, () => send(chatkit, "POST", forged, "{}")],
    ["authenticated, empty body", 400, () => send(chatkit, "POST", authorized, "{}")],
    ["authenticated, threads.list", 200, () => send(chatkit, "POST", authorized, list)]
  ]
  const totals = cases.map(() => 0)
  for (let round = 0; round <= rounds; round++) {
    for (const [i, [, status, once]] of cases.entries()) {
      const speed = await perSecond(status, once)
      // The first round warms everything up.
      if (round > 0) totals[i]! += speed / rounds
    }
    process.stderr.write(`round ${round} of ${rounds}\n`)
  }
  for (const [i, [name]] of cases.entries()) {
    const ratio = totals[i]! / totals[0]!
    console.log(`${name.padEnd(30)} ${totals[i]!.toFixed(0).padStart(7)}/s ${ratio.toFixed(2)}`)
  }
} finally {
  server.kill("SIGTERM")
  agent.destroy()
  rmSync(directory, { recursive: true, force: true })
}
