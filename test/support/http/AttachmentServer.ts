import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Context, Effect, Layer, Redacted } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder } from "effect/http-api"
import { AttachmentsApi } from "../../../src/api/AttachmentsApi.ts"
import { Authenticator } from "../../../src/auth/Authenticator.ts"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import { AttachmentLinks } from "../../../src/attachments/AttachmentLinks.ts"
import { Attachments } from "../../../src/attachments/Attachments.ts"
import type { Attachment } from "../../../src/protocol/Attachments.ts"
import { Ids } from "../../../src/core/Ids.ts"
import { LinkKey } from "../../../src/attachments/LinkKey.ts"
import { type AttachmentRecord, AttachmentStore } from "../../../src/attachments/AttachmentStore.ts"
import { AttachmentContentPg } from "../../../src/postgres/attachments/AttachmentContentPg.ts"
import { LinkKeyPg } from "../../../src/postgres/attachments/LinkKeyPg.ts"
import { SqlFailures } from "../../../src/postgres/SqlFailures.ts"
import { Migrations } from "../../../src/postgres/Migrations.ts"
import { AttachmentStorePg } from "../../../src/postgres/attachments/AttachmentStorePg.ts"
import { InvalidToken } from "../../../src/auth/Errors.ts"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { at } from "../Requests.ts"
import { SessionId, UserId } from "../../../src/core/User.ts"
import { AttachmentsHttp } from "../../../src/http/attachments/AttachmentsHttp.ts"
import { AuthenticationLog } from "../../../src/http/AuthenticationLog.ts"
import { AuthenticationHttp } from "../../../src/http/AuthenticationHttp.ts"
import { Draining } from "../../../src/http/Draining.ts"
import { envelope } from "../../../src/http/Envelope.ts"
import * as NodeServer from "../../../src/http/NodeServer.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { SharedDatabase, unique } from "../postgres/SharedDatabase.ts"
import { captureLogs, everybodyLive } from "../Doubles.ts"
import { type BytesAnswer, sendBytes } from "../Client.ts"
import { TestDatabase } from "../Database.ts"
import { roomy } from "../ThreadFixtures.ts"

export const ada = UserId.make("ada")
export const grace = UserId.make("grace")

/** Accepts the name of a user in the place of a token. */
const Believed = Layer.succeed(Authenticator, {
  authenticate: ([line]) =>
    line?.startsWith("Bearer ") === true
      ? Effect.succeed({
          userId: UserId.make(line.slice("Bearer ".length)),
          sessionId: SessionId.make("session"),
          email: Redacted.make("x@example.com"),
          name: "",
          verification: { kind: "jwt" as const, alg: "EdDSA" }
        })
      : Effect.fail(new InvalidToken({ reason: "no_credentials" }))
})

const own = Layer.mergeAll(AttachmentContentPg, LinkKeyPg, AttachmentStorePg).pipe(
  Layer.provide(Migrations.layer),
  Layer.provide(SqlFailures.layer)
)

/** The same service, and a note of every call. */
const noted = <S extends object>(service: S, calls: Array<string>): S =>
  Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      typeof method === "function" && !Effect.isEffect(method)
        ? (...args: ReadonlyArray<unknown>) => {
            calls.push(name)
            return method(...args)
          }
        : method
    ])
  ) as S

interface Options {
  readonly limit?: ByteSize.ByteSize
  readonly bytesPerUser?: ByteSize.ByteSize
  readonly types?: ReadonlyArray<string>
}

/** The routes of attachments on a real server and a real database, for people who only say their name. */
export class AttachmentServer extends Context.Service<
  AttachmentServer,
  {
    readonly url: string
    readonly logs: Array<string>
    /** Every question the routes asked the database. */
    readonly calls: Array<string>
    readonly attachments: AttachmentStore["Service"]
    readonly content: AttachmentContent["Service"]
    readonly key: Redacted.Redacted
    readonly exec: TestDatabase["Service"]["exec"]
    /** An attachment that waits for its bytes, as the client gets to see it. */
    readonly create: (attachment?: Partial<AttachmentRecord>) => Effect.Effect<Attachment>
  }
>()("test/http/AttachmentServer") {
  static readonly layer = ({
    bytesPerUser = ByteSize.gibibytes(1),
    limit = ByteSize.mebibytes(20),
    types
  }: Options = {}) =>
    Layer.effect(
      AttachmentServer,
      Effect.gen(function* () {
        const logs: Array<string> = []
        const calls: Array<string> = []
        const noting = Layer.mergeAll(
          Layer.effect(
            AttachmentStore,
            Effect.map(AttachmentStore, (store) => noted(store, calls))
          ),
          Layer.effect(
            AttachmentContent,
            Effect.map(AttachmentContent, (content) => noted(content, calls))
          )
        )
        const Api = HttpApi.make("effect-chatkit").add(AttachmentsApi)
        const routes = HttpApiBuilder.layer(Api).pipe(
          Layer.provide(AttachmentsHttp.pipe(Layer.provide(AuthenticationHttp)))
        )
        const envelopeLayer = envelope({
          pages: [],
          publicUrl: undefined,
          trustProxy: false,
          allowsOrigin: () => true
        })
        const served = HttpRouter.serve(Layer.mergeAll(routes, envelopeLayer), {
          disableLogger: true,
          disableListenLog: true
        })
        const rules = { limit, bytesPerUser, types: new Set(types ?? ["image/png", "text/plain"]) }
        const context = yield* Layer.build(
          served.pipe(
            Layer.provide([AuthenticationLog.layer, Draining.layer, Believed]),
            Layer.provide(Attachments.layer(rules)),
            Layer.provide(Ids.layer),
            // Uploads are larger than any other body may be.
            Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(1024))),
            Layer.provideMerge(
              NodeHttpServer.layer(() => NodeServer.make(), {
                host: "127.0.0.1",
                port: 0,
                gracefulShutdownTimeout: "1 second"
              })
            ),
            Layer.provide(noting),
            Layer.provideMerge(AttachmentLinks.layer),
            Layer.provide(everybodyLive),
            Layer.provideMerge(own),
            Layer.provide([LogBudget.layer, captureLogs(logs)]),
            Layer.provide(
              Layer.succeed(Timeouts, { statement: 20_000, request: 40_000, admission: 20_000 })
            )
          )
        )
        const { address } = Context.get(context, HttpServer.HttpServer)
        const url = HttpServer.formatAddress(address)
        const attachments = Context.get(context, AttachmentStore)
        const { maker } = Context.get(context, AttachmentLinks)
        const asSeen = (record: AttachmentRecord) =>
          Effect.map(at(url)(maker), ({ toAttachment }) => toAttachment(ada, record)).pipe(
            Effect.orDie
          )
        return {
          url,
          logs,
          calls,
          attachments,
          content: Context.get(context, AttachmentContent),
          key: yield* Effect.orDie(Context.get(context, LinkKey).key),
          exec: (yield* TestDatabase).exec,
          create: Effect.fnUntraced(function* (attachment) {
            const record: AttachmentRecord = {
              id: unique("atc"),
              name: "notes.txt",
              mime_type: "text/plain",
              size: Number(limit),
              uploaded: false,
              metadata: {},
              ...attachment
            }
            yield* Effect.orDie(attachments.save(ada, record, roomy))
            return yield* asSeen(record)
          })
        }
      })
    ).pipe(Layer.provideMerge(SharedDatabase))
}

/** The body of a refusal. */
export const refusalOf = ({ body, status }: BytesAnswer): unknown => {
  const { error } = JSON.parse(body.toString("utf8")) as { readonly error: unknown }
  return [status, error]
}

export const uploadUrl = (attachment: Attachment): string => attachment.upload_descriptor!.url

export const put = (
  attachment: Attachment,
  body: Uint8Array | string | ReadonlyArray<Uint8Array>,
  headers: Record<string, string> = {}
) => sendBytes(uploadUrl(attachment), { method: "PUT", body, headers })
