import fastify, { type FastifyRequest } from "fastify"
import { authenticate, Refusal, type Who } from "./usual.ts"

declare module "fastify" {
  interface FastifyRequest {
    who: Who | null
  }
}

const app = fastify()
app.decorateRequest("who", null)

app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
  const status = error instanceof Refusal ? error.status : (error.statusCode ?? 503)
  const message = status === 503 ? "Service temporarily unavailable" : error.message
  return reply.code(status).send({ error: message, status })
})

app.post(
  "/support/chatkit",
  {
    preHandler: async (request: FastifyRequest) => {
      request.who = await authenticate(request.headers.authorization)
    },
    schema: {
      body: {
        type: "object",
        required: ["type", "params"],
        properties: { type: { const: "input.transcribe" }, params: { type: "object" } }
      },
      response: { 200: { type: "object", properties: { text: { type: "string" } } } }
    }
  },
  async ({ who }: FastifyRequest) => ({ text: `${who?.userId} ${who?.sessionId}` })
)

await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" })
