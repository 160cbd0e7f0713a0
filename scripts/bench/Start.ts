import { Effect } from "effect"
import { ask, askAs } from "./Ask.ts"
import type { Bench } from "./Bench.ts"
import { residentOf } from "./Processes.ts"
import { measure } from "./Rounds.ts"
import { launch } from "./Running.ts"
import { deployed, handwritten, type Server } from "./Servers.ts"
import { mint } from "./Tokens.ts"

/** The whole program as it is deployed, from its start to the first good answer. */
export const measureStart = (bench: Bench, database: string) => {
  const [ours, peer] = [deployed(database), handwritten(database)]
  const token = mint(bench.keys, "EdDSA", 7)
  const visit = Effect.fnUntraced(function* (server: Server) {
    const began = performance.now()
    const { running, until } = yield* launch(bench, server)
    const answer =
      server === ours ? ask(`${running.url}/readyz`, { method: "GET" }) : askAs(running.url, token)
    const answered = answer.pipe(
      Effect.map(({ status }) => (status === 200 ? performance.now() : undefined)),
      Effect.orElseSucceed(() => undefined)
    )
    const ready = (yield* until(answered)) - began
    yield* Effect.sleep("2 seconds")
    const resident = residentOf(running.pid)
    return { ready, idle: resident && resident / 1024 }
  }, Effect.scoped)
  const line = { workload: "h", title: "start", servers: [ours, peer], visit }
  // The first start brings the schema up to date, and reads sources that are not cached yet.
  return Effect.andThen(visit(ours), measure([line], bench.extent.starts))
}
