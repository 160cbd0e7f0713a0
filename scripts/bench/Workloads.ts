import type { Bench } from "./Bench.ts"
import type { RequestLine } from "./Requests.ts"
import type { Server } from "./Servers.ts"
import { type Algorithm, expired, forged, garbage, mint, spread } from "./Tokens.ts"

const reused = 2_000

/** A server that does not support EdDSA would refuse those tokens without verifying them. */
const algorithmOf = ({ algorithms }: Server): Algorithm => algorithms[0] ?? "EdDSA"

/** The lines of workloads a to e. The first server is ours; the details compare only two. */
export const requestLines = (
  { extent, keys }: Bench,
  all: ReadonlyArray<Server>
): ReadonlyArray<RequestLine> => {
  const minted = new Map<string, ReadonlyArray<string>>()
  const tokens = (name: string, count: number, token: (k: number) => string) => {
    const list = minted.get(name) ?? Array.from({ length: count }, (_, k) => token(k))
    minted.set(name, list)
    return list
  }
  const user = (k: number) => spread(k, extent.users)
  const supporting = (algorithm: Algorithm) =>
    all.filter((server) => server.algorithms.includes(algorithm))
  const two = all.slice(0, 2)

  const kinds = {
    forged: (algorithm: Algorithm, k: number) => forged(keys, algorithm, user(k)),
    expired: (algorithm: Algorithm, k: number) => expired(keys, algorithm, user(k)),
    garbage: (_: Algorithm, k: number) => garbage(user(k))
  }
  const inTurn = [kinds.forged, kinds.expired, kinds.garbage]

  const line = (
    workload: string,
    title: string,
    servers: ReadonlyArray<Server>,
    tokens: RequestLine["tokens"],
    rest: Partial<RequestLine> = {}
  ): RequestLine => ({
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
    tokens(`warm ${algorithm}`, reused, (k) => mint(keys, algorithm, user(k)))
  const cold: RequestLine["tokens"] = (_server, round) =>
    tokens(`cold ${round}`, extent.slice, (k) =>
      mint(keys, "EdDSA", user(round * extent.slice + k), { jti: `${round}-${k}` })
    )
  const mixed: RequestLine["tokens"] = (server) =>
    tokens(`refused ${algorithmOf(server)}`, reused * 3, (k) =>
      (inTurn[k % 3] ?? kinds.garbage)(algorithmOf(server), k)
    )
  const only =
    (kind: keyof typeof kinds): RequestLine["tokens"] =>
    (server) =>
      tokens(`${kind} ${algorithmOf(server)}`, reused, (k) => kinds[kind](algorithmOf(server), k))

  return [
    line("a", "warm EdDSA", supporting("EdDSA"), warm("EdDSA")),
    line("a", "warm HS256", supporting("HS256"), warm("HS256")),
    line("b", "cold", supporting("EdDSA"), cold, { once: true }),
    line("c", "refused", all, mixed, { status: 401 }),
    ...(["forged", "expired", "garbage"] as const).map((kind) =>
      line("c", kind, two, only(kind), { status: 401 })
    ),
    line("d", "one user", supporting("EdDSA"), () => [mint(keys, "EdDSA", user(77))]),
    ...[1, 16, 64, 256].map((connections) =>
      line("e", `${connections} at a time`, two, warm("EdDSA"), { connections })
    )
  ]
}
