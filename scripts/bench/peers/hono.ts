import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { createMiddleware } from "hono/factory"
import { HTTPException } from "hono/http-exception"
import { authenticate, Refusal, type Who } from "./usual.ts"

const guard = createMiddleware<{ Variables: Who }>(async (c, next) => {
  const { sessionId, userId } = await authenticate(c.req.header("authorization"))
  c.set("userId", userId)
  c.set("sessionId", sessionId)
  await next()
})

const app = new Hono()

app.onError((error, c) => {
  if (error instanceof Refusal || error instanceof HTTPException) {
    return c.json({ error: error.message, status: error.status }, error.status)
  }
  return c.json({ error: "Service temporarily unavailable", status: 503 }, 503)
})

app.post("/support/chatkit", guard, async (c) => {
  const { type } = await c.req.json<{ readonly type?: unknown }>()
  if (type !== "input.transcribe") throw new HTTPException(400, { message: "Bad request" })
  return c.json({ text: `${c.get("userId")} ${c.get("sessionId")}` })
})

serve({ fetch: app.fetch, port: Number(process.env["PORT"]), hostname: "127.0.0.1" })
