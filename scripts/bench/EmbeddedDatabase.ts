import { PGlite } from "@electric-sql/pglite"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import { asleep, indexes, key, rows, tables } from "./Data.ts"
import { freePort } from "./FreePort.ts"

const { BENCH_JWK = "", BENCH_KID = "", BENCH_USERS = "1" } = process.env

const db = await PGlite.create()
await db.exec(tables)
await db.exec(rows(1, Number(BENCH_USERS)))
await db.exec(asleep)
for (const index of indexes) await db.exec(index)
await db.exec(key({ kid: BENCH_KID, publicJwk: BENCH_JWK }))
await db.exec("vacuum analyze")

const port = await freePort()
// A second one, because a connection that is being closed still counts.
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port, maxConnections: 2 })
// There is one session behind all connections, and it keeps what earlier ones prepared.
server.addEventListener("connection", () => void db.exec("deallocate all"))
await server.start()
console.log(`listening on ${port}`)
