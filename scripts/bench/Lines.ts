import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Bench } from "./Bench.ts"
import type { Line } from "./Rounds.ts"
import { handwritten, ours, type Server } from "./Servers.ts"
import { type Algorithm, expired, forged, garbage, mint, spread } from "./Tokens.ts"

const reused = 2_000

/** Writes tokens to a file the first time somebody wants them. */
const files = (bench: Bench) => {
  const written = new Map<string, string>()
  return (name: string, count: number, token: (k: number) => string) => {
    const known = written.get(name)
    if (known !== undefined) return known
    const file = join(bench.directory, `${name}.tokens`)
    writeFileSync(file, Array.from({ length: count }, (_, k) => token(k) + "\n").join(""))
    written.set(name, file)
    return file
  }
}

/** The lines of workloads a to e, in this order. */
export const lines = (
  bench: Bench,
  peers: ReadonlyArray<Server>,
  closest: ReadonlyArray<Server> = [handwritten]
): ReadonlyArray<Line> => {
  const { extent, keys } = bench
  const file = files(bench)
  const user = (k: number) => spread(k, extent.users)
  const all = [ours, ...peers]
  const knowing = (algorithm: Algorithm) =>
    all.filter((server) => server.algorithms.includes(algorithm))
  // A server that does not know EdDSA would refuse at the first glance what it should verify.
  const algorithmOf = ({ algorithms }: Server): Algorithm => algorithms[0] ?? "EdDSA"

  const kinds = {
    forged: (algorithm: Algorithm, k: number) => forged(keys, algorithm, user(k)),
    expired: (algorithm: Algorithm, k: number) => expired(keys, algorithm, user(k)),
    garbage: (_: Algorithm, k: number) => garbage(user(k))
  }
  const thirds = [kinds.forged, kinds.expired, kinds.garbage]

  const line = (
    workload: string,
    title: string,
    servers: ReadonlyArray<Server>,
    tokens: Line["tokens"],
    rest: Partial<Pick<Line, "connections" | "status" | "once">> = {}
  ): Line => ({
    workload,
    title,
    servers,
    tokens,
    connections: 64,
    status: 200,
    once: false,
    ...rest
  })

  const warm = (algorithm: Algorithm) => () =>
    file(`warm-${algorithm}`, reused, (k) => mint(keys, algorithm, user(k)))
  const cold: Line["tokens"] = (_server, round) =>
    file(`cold-${round}`, extent.slice, (k) =>
      mint(keys, "EdDSA", user(round * extent.slice + k), { jti: `${round}-${k}` })
    )
  const mixed: Line["tokens"] = (server) => {
    const algorithm = algorithmOf(server)
    const token = (k: number) => (thirds[k % 3] ?? kinds.garbage)(algorithm, k)
    return file(`refused-${algorithm}`, reused * 3, token)
  }
  const only =
    (kind: keyof typeof kinds): Line["tokens"] =>
    (server) => {
      const algorithm = algorithmOf(server)
      return file(`${kind}-${algorithm}`, reused, (k) => kinds[kind](algorithm, k))
    }
  const one = () => file("one", 1, () => mint(keys, "EdDSA", user(77)))
  const two = [ours, ...closest]

  return [
    line("a", "warm EdDSA", knowing("EdDSA"), warm("EdDSA")),
    line("a", "warm HS256", knowing("HS256"), warm("HS256")),
    line("b", "cold", knowing("EdDSA"), cold, { once: true }),
    line("c", "refused", all, mixed, { status: 401 }),
    line("c", "forged", two, only("forged"), { status: 401 }),
    line("c", "expired", two, only("expired"), { status: 401 }),
    line("c", "garbage", two, only("garbage"), { status: 401 }),
    line("d", "one user", knowing("EdDSA"), one),
    ...[1, 16, 64, 256].map((connections) =>
      line("e", `${connections} at a time`, two, warm("EdDSA"), { connections })
    )
  ]
}
