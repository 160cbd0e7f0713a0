import * as http from "node:http"
import { resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Bench, median } from "./Bench.ts"
import { freePort } from "./FreePort.ts"
import { residentOf, start } from "./Processes.ts"
import { body, path } from "./Load.ts"
import type { StartResult } from "./Results.ts"
import { environment, handwritten, ours } from "./Servers.ts"
import { mint } from "./Tokens.ts"

const statusOf = (url: string, options: http.RequestOptions, content = "") =>
  new Promise<number>((done) => {
    const request = http.request(url, { ...options, agent: false, timeout: 2_000 }, (response) => {
      response.resume().on("close", () => done(response.statusCode ?? 0))
    })
    request.on("timeout", () => request.destroy())
    request.on("error", () => done(0))
    request.end(content)
  })

const untilOk = async (ask: () => Promise<number>, name: string) => {
  const deadline = performance.now() + 30_000
  while ((await ask()) !== 200) {
    if (performance.now() > deadline) throw new Error(`${name} is not ready after 30 s`)
    await sleep(5)
  }
}

/** The whole program as it is deployed, from its start to the first good answer. */
export const startTimes = async (
  bench: Bench,
  database: string
): Promise<ReadonlyArray<StartResult>> => {
  const authorization = `Bearer ${mint(bench.keys, "EdDSA", 7)}`
  const programs = [
    {
      name: ours.name,
      file: resolve(import.meta.dirname, "../../src/main.ts"),
      ask: (url: string) => statusOf(`${url}/readyz`, {})
    },
    {
      name: handwritten.name,
      file: handwritten.file,
      ask: (url: string) =>
        statusOf(
          url + path,
          {
            method: "POST",
            headers: { "content-type": "application/json", authorization }
          },
          body
        )
    }
  ]
  const found = programs.map((program) => ({
    ...program,
    ready: new Array<number>(),
    idle: new Array<number>()
  }))
  for (let round = 1; round <= bench.extent.starts; round++) {
    for (const { ask, file, idle, name, ready } of found) {
      bench.say(`start ${round} of ${bench.extent.starts}: ${name}`)
      const port = await freePort()
      const env = { ...environment(bench, database), PORT: String(port) }
      const began = performance.now()
      const { pid, stop } = start(
        { command: process.execPath, args: [file], env },
        bench.directory,
        bench.cleanup
      )
      await untilOk(() => ask(`http://127.0.0.1:${port}`), name)
      ready.push(performance.now() - began)
      await sleep(2_000)
      const resident = residentOf(pid)
      if (resident !== undefined) idle.push(resident / 1024)
      await stop()
    }
  }
  return found.map(({ idle, name, ready }) => ({
    server: name,
    ready: median(ready),
    idle: idle.length === 0 ? undefined : median(idle)
  }))
}
