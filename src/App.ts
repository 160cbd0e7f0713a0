// Longer than most files: it names every layer of both kinds of server.

import type { Server } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpIncomingMessage, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { SqlClient } from "effect/sql"
import { answers } from "./Answers.ts"
import { Api } from "./api/Api.ts"
import { type Surface, UpstreamApi } from "./api/UpstreamApi.ts"
import { AttachmentLinks } from "./attachments/AttachmentLinks.ts"
import { Attachments } from "./attachments/Attachments.ts"
import { AttachmentSweep } from "./attachments/Sweep.ts"
import { Authenticator } from "./auth/Authenticator.ts"
import type { KeySource } from "./auth/KeySource.ts"
import { Sessions } from "./auth/Sessions.ts"
import { SigningKeys } from "./auth/SigningKeys.ts"
import { BearerToken } from "./auth/tokens/BearerToken.ts"
import { JwtVerifier } from "./auth/tokens/JwtVerifier.ts"
import { Users } from "./auth/Users.ts"
import { BetterAuthTables } from "./betterauth/BetterAuthTables.ts"
import { IdentitiesPg } from "./betterauth/IdentitiesPg.ts"
import { keySourceHttp } from "./betterauth/KeySourceHttp.ts"
import { keySourcePg } from "./betterauth/KeySourcePg.ts"
import { LiveSessionsPg } from "./betterauth/LiveSessionsPg.ts"
import { ChatKit } from "./chatkit/ChatKit.ts"
import { Admission, admission } from "./core/Admission.ts"
import { Ids } from "./core/Ids.ts"
import { Timeouts } from "./core/Timeouts.ts"
import { Readiness } from "./health/Readiness.ts"
import { AttachmentsHttp } from "./http/attachments/AttachmentsHttp.ts"
import { AuthenticationHttp } from "./http/AuthenticationHttp.ts"
import { AuthenticationLog } from "./http/AuthenticationLog.ts"
import { Draining } from "./http/Draining.ts"
import { envelope, isLoopback } from "./http/Envelope.ts"
import { HealthHttp } from "./http/HealthHttp.ts"
import * as NodeServer from "./http/NodeServer.ts"
import { contractPath, pages } from "./http/pages/Pages.ts"
import { DictationLimit } from "./http/body/RequestBody.ts"
import { startup } from "./http/Startup.ts"
import { SupportHttp } from "./http/SupportHttp.ts"
import { AttachmentContentPg } from "./postgres/attachments/AttachmentContentPg.ts"
import { AttachmentStorePg } from "./postgres/attachments/AttachmentStorePg.ts"
import { LinkKeyPg } from "./postgres/attachments/LinkKeyPg.ts"
import { Migrations } from "./postgres/Migrations.ts"
import { ModelUsagePg } from "./postgres/ModelUsagePg.ts"
import * as Database from "./postgres/Pool.ts"
import { SqlFailures } from "./postgres/SqlFailures.ts"
import { ThreadStorePg } from "./postgres/threads/ThreadStorePg.ts"
import { TurnStorePg } from "./postgres/threads/TurnStorePg.ts"
import type { ModelUsage } from "./responder/model/usage/ModelUsage.ts"
import type { Responder } from "./responder/Responder.ts"
import { userLimits } from "./core/UserLimits.ts"
import { upstreamHttp } from "./http/upstream/UpstreamHttp.ts"
import { answeredBy } from "./settings/Answers.ts"
import { BadSettings, Settings, type SettingsShape } from "./settings/Settings.ts"
import { LogBudget } from "./telemetry/LogBudget.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"
import { TurnLeases } from "./turns/TurnLeases.ts"
import { TurnRunner } from "./turns/TurnRunner.ts"

/** Authentication, from the `Authorization` header to the user. Needs `Identities` and keys. */
export const authentication = (settings: SettingsShape) =>
  Authenticator.layer.pipe(
    Layer.provide([BearerToken.layer, JwtVerifier.layer(settings), Users.layer, Sessions.layer])
  )

/** ChatKit, from a request to a reply. Needs a `Responder`, the stores and `AttachmentLinks`. */
export const conversation = (settings: SettingsShape) =>
  ChatKit.layer.pipe(
    Layer.provide(TurnRunner.layer({ streamsPerUser: settings.streamsPerUser })),
    Layer.provideMerge([
      TurnLeases.layer,
      Attachments.layer({
        limit: settings.attachmentLimit,
        bytesPerUser: settings.attachmentBytesPerUser,
        types: new Set(settings.attachmentTypes)
      })
    ]),
    Layer.provide(Ids.layer)
  )

type Keys = Layer.Layer<
  KeySource,
  never,
  BetterAuthTables | SqlFailures | SqlClient.SqlClient | LogBudget
>

/** Without a secret and another place for keys, the `jwks` table is all there is to verify with. */
const keysNeeded = ({ jwksUrl, secret }: SettingsShape) =>
  secret === undefined && jwksUrl === undefined

const keysOf = (settings: SettingsShape): Keys =>
  settings.jwksUrl === undefined
    ? keySourcePg({ keysNeeded: keysNeeded(settings) })
    : keySourceHttp(settings.jwksUrl).pipe(Layer.provide(FetchHttpClient.layer))

/** Each room's check, in the order in which an operator should read the sentences. */
const Ready = Layer.unwrap(
  Effect.gen(function* () {
    const tables = yield* BetterAuthTables
    const migrations = yield* Migrations
    const keys = yield* SigningKeys
    return Readiness.layer([tables.check, migrations.check, keys.check])
  })
)

const ReadyForIdentities = Layer.unwrap(
  Effect.gen(function* () {
    const tables = yield* BetterAuthTables
    const keys = yield* SigningKeys
    return Readiness.layer([tables.check, keys.check])
  })
)

const doorTo = ({ databasePoolSize: poolSize }: SettingsShape) =>
  Layer.effect(
    Admission,
    Effect.gen(function* () {
      const { ready } = yield* Migrations
      const { admission: patience } = yield* Timeouts
      return admission({ poolSize, patience, ready })
    })
  )

/** Better Auth's tables and our own, on whatever PostgreSQL is given. */
export const storage = (
  settings: SettingsShape,
  database: Layer.Layer<SqlClient.SqlClient, unknown>,
  keys: Keys = keysOf(settings)
) => {
  const tables = { schema: settings.schema, keysNeeded: keysNeeded(settings) }
  return Layer.mergeAll(
    IdentitiesPg,
    LiveSessionsPg,
    ThreadStorePg,
    TurnStorePg,
    AttachmentStorePg,
    AttachmentContentPg,
    LinkKeyPg,
    ModelUsagePg,
    doorTo(settings),
    Ready
  ).pipe(
    Layer.provideMerge(SigningKeys.layer),
    Layer.provide(keys),
    Layer.provide([BetterAuthTables.layer(tables), Migrations.layer]),
    Layer.provide(SqlFailures.layer),
    Layer.provide(database)
  )
}

/** The routes of this server. They need the services above. */
export const routes = (settings: SettingsShape) =>
  enveloped(
    settings,
    Api,
    HttpApiBuilder.layer(Api, { openapiPath: contractPath }).pipe(
      Layer.provide(SupportHttp.pipe(Layer.provide(AuthenticationHttp))),
      Layer.provide(AttachmentsHttp.pipe(Layer.provide(AuthenticationHttp))),
      Layer.provide(HealthHttp)
    )
  )

/** How the world is answered. Needs a server to listen with. */
export const http = (settings: SettingsShape) => served(settings, routes(settings))

/** The same where another ChatKit server answers. */
const httpBeforeUpstream = (settings: SettingsShape, url: URL) => {
  const support = upstreamHttp({
    url,
    secret: settings.upstreamSecret,
    patience: settings.modelFirstEventSeconds * 1000,
    idlePatience: settings.modelIdleSeconds * 1000,
    streamsPerUser: settings.streamsPerUser
  })
  const contract = enveloped(
    settings,
    UpstreamApi,
    HttpApiBuilder.layer(UpstreamApi, { openapiPath: contractPath }).pipe(
      Layer.provide(support.pipe(Layer.provide(AuthenticationHttp))),
      Layer.provide(HealthHttp)
    )
  )
  return served(settings, contract)
}

/** The routes of a contract and the pages, in their envelope. */
const enveloped = <E, R>(
  settings: SettingsShape,
  api: Surface,
  contract: Layer.Layer<never, E, R>
) => {
  const { corsOrigins, production, publicUrl, trustProxy } = settings
  const { layer: pagesLayer, paths } = pages(settings)
  const origins = new Set(corsOrigins)
  const envelopeLayer = envelope({
    pages: paths,
    publicUrl,
    trustProxy,
    api,
    allowsOrigin: (origin) => origins.has(origin) || (!production && isLoopback(origin))
  })
  return Layer.mergeAll(contract, pagesLayer, envelopeLayer).pipe(
    Layer.provide(AuthenticationLog.layer)
  )
}

/** How much of a body is read. */
export const bodyLimits = ({ bodyLimit, dictationLimit }: SettingsShape) =>
  Layer.merge(
    Layer.succeed(HttpIncomingMessage.MaxBodySize, bodyLimit),
    Layer.succeed(DictationLimit, dictationLimit)
  )

const served = <A, E, R>(settings: SettingsShape, app: Layer.Layer<A, E, R>) =>
  HttpRouter.serve(app, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(bodyLimits(settings))
  )

const listening = (server: Server, { host, port }: SettingsShape) =>
  NodeHttpServer.layer(() => server, { host, port, gracefulShutdownTimeout: "1 second" })

/** Better Auth's tables and keys, and nothing of our own. */
export const identityStorage = (
  settings: SettingsShape,
  database: Layer.Layer<SqlClient.SqlClient, unknown>
) => {
  const tables = { schema: settings.schema, keysNeeded: keysNeeded(settings) }
  return Layer.merge(IdentitiesPg, ReadyForIdentities).pipe(
    Layer.provideMerge(SigningKeys.layer),
    Layer.provide(keysOf(settings)),
    Layer.provide(BetterAuthTables.layer(tables)),
    Layer.provide(SqlFailures.layer),
    Layer.provide(database)
  )
}

/** Before another ChatKit server: nothing is stored here. */
const serveUpstream = (
  settings: SettingsShape,
  url: URL,
  database: Layer.Layer<SqlClient.SqlClient, unknown>
) =>
  Layer.unwrap(
    Effect.sync(() => {
      const server = NodeServer.make()
      return Draining.first(server, 1000 * settings.shutdownDelay).pipe(
        Layer.provide(startup(settings)),
        Layer.provide(httpBeforeUpstream(settings, url)),
        Layer.provide(Draining.layer),
        Layer.provideMerge(listening(server, settings)),
        Layer.provide(authentication(settings)),
        Layer.provide(identityStorage(settings, database)),
        Layer.provide([LogBudget.layer, userLimits(settings)])
      )
    })
  )

/** Starts from the bottom line up, stops from the top line down. */
export const serve = (
  settings: SettingsShape,
  database: Layer.Layer<SqlClient.SqlClient, unknown>,
  responder?: Layer.Layer<Responder, unknown, SqlClient.SqlClient | ModelUsage>
) =>
  settings.upstreamUrl === undefined
    ? serveHere(settings, database, responder)
    : serveUpstream(settings, settings.upstreamUrl, database)

/** Provides everything that the routes of this server stand on. */
export const services =
  (
    settings: SettingsShape,
    database: Layer.Layer<SqlClient.SqlClient, unknown>,
    responder: Layer.Layer<Responder, unknown, SqlClient.SqlClient | ModelUsage> = answers(settings)
  ) =>
  <A, E, R>(app: Layer.Layer<A, E, R>) =>
    app.pipe(
      Layer.provide([authentication(settings), conversation(settings)]),
      Layer.provide(responder.pipe(Layer.provide(database))),
      Layer.provide(AttachmentLinks.layer),
      Layer.provide(storage(settings, database)),
      Layer.provide([LogBudget.layer, userLimits(settings)])
    )

const serveHere = (
  settings: SettingsShape,
  database: Layer.Layer<SqlClient.SqlClient, unknown>,
  responder?: Layer.Layer<Responder, unknown, SqlClient.SqlClient | ModelUsage>
) =>
  Layer.unwrap(
    Effect.sync(() => {
      const server = NodeServer.make()
      return Draining.first(server, 1000 * settings.shutdownDelay).pipe(
        Layer.provide(startup(settings)),
        Layer.provide([http(settings), AttachmentSweep]),
        Layer.provide(Draining.layer),
        Layer.provideMerge(listening(server, settings)),
        services(settings, database, responder)
      )
    })
  )

/** The whole program, from its environment alone. */
export const App = Layer.unwrap(
  Effect.gen(function* () {
    const settings = yield* Settings
    const { databasePoolSize, databaseUrl } = settings
    if (answeredBy(settings) === undefined) {
      return yield* new BadSettings({
        problems: [
          "MODEL: nobody would answer; set it, RESPONDER or UPSTREAM_URL, or PLAYGROUND=on to send every message back as an echo"
        ]
      })
    }
    if (databaseUrl !== undefined) {
      return serve(settings, Database.layer({ url: databaseUrl, poolSize: databasePoolSize }))
    }
    const { development } = yield* Effect.promise(() => import("./dev/Development.ts"))
    const { database, settings: filled } = yield* development(settings)
    return serve(filled, database)
  })
).pipe(
  Layer.provide(Layer.unwrap(Effect.map(Settings, Telemetry.layer))),
  Layer.provide(Settings.layer)
)
