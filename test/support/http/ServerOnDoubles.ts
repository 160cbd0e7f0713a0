import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { authentication, conversation, http } from "../../../src/App.ts"
import type { IdentityQuery, Identities } from "../../../src/auth/Identities.ts"
import { KeySource } from "../../../src/auth/KeySource.ts"
import { SigningKeys } from "../../../src/auth/SigningKeys.ts"
import type { ChatKit } from "../../../src/chatkit/ChatKit.ts"
import type { Stores } from "../ThreadFixtures.ts"
import type { Readiness } from "../../../src/health/Readiness.ts"
import { userLimits } from "../../../src/core/UserLimits.ts"
import { Draining } from "../../../src/http/Draining.ts"
import * as NodeServer from "../../../src/http/NodeServer.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { Ids } from "../../../src/core/Ids.ts"
import { Playground } from "../../../src/responder/playground/Playground.ts"
import type { Responder } from "../../../src/responder/Responder.ts"
import { AttachmentsPlain, LinksPlain } from "../ChatKitService.ts"
import { captureLogs, identitiesMemory, publicKeyOf, Ready } from "../Doubles.ts"
import { StoresMemory } from "../StoresMemory.ts"
import { settingsOf } from "../Server.ts"
import { makeKey, pluginClaims, sign } from "../Tokens.ts"

/** The key that every double knows. */
export const key = await makeKey()

export interface Doubles {
  readonly env?: Record<string, string | undefined>
  readonly identities?: Layer.Layer<Identities>
  readonly keys?: Layer.Layer<KeySource>
  readonly store?: Layer.Layer<Stores>
  readonly chatKit?: Layer.Layer<ChatKit>
  readonly responder?: Layer.Layer<Responder>
  readonly readiness?: Layer.Layer<Readiness>
  /** Milliseconds that the port stays open while the server drains; without it nothing drains. */
  readonly shutdownDelay?: number
  readonly limits?: Layer.Layer<never>
}

/** The real HTTP server on a free port with the cast in memory behind it; any part may be another. */
export class ServerOnDoubles extends Context.Service<
  ServerOnDoubles,
  {
    readonly url: string
    readonly logs: Array<string>
    /** Every question to `Identities`, while it is the default one. */
    readonly asked: Array<IdentityQuery>
    /** How often keys were loaded, while the key source is the default one. */
    readonly keyLoads: () => number
    readonly draining: Draining["Service"]
  }
>()("test/http/ServerOnDoubles") {
  static readonly layer = (doubles: Doubles = {}) =>
    Layer.effect(
      ServerOnDoubles,
      Effect.gen(function* () {
        const settings = settingsOf(doubles.env)
        const store = Layer.mergeAll(doubles.store ?? StoresMemory, LinksPlain)
        const logs: Array<string> = []
        const asked: Array<IdentityQuery> = []
        let loads = 0
        const countingKeys = Layer.succeed(KeySource, {
          load: Effect.sync(() => {
            loads += 1
            return [publicKeyOf(key)]
          })
        })
        const server = NodeServer.make()
        const { shutdownDelay } = doubles
        const context = yield* Layer.build(
          (shutdownDelay === undefined ? Layer.empty : Draining.first(server, shutdownDelay)).pipe(
            Layer.provideMerge(http(settings)),
            Layer.provideMerge(Draining.layer),
            Layer.provideMerge(
              NodeHttpServer.layer(() => server, {
                host: "127.0.0.1",
                port: 0,
                gracefulShutdownTimeout: "1 second"
              })
            ),
            Layer.provide([
              authentication(settings).pipe(
                Layer.provide(SigningKeys.layer),
                Layer.provide(doubles.keys ?? countingKeys),
                Layer.provide(doubles.identities ?? identitiesMemory(asked))
              ),
              (doubles.chatKit === undefined
                ? conversation(settings)
                : Layer.merge(doubles.chatKit, AttachmentsPlain.pipe(Layer.provide(Ids.layer)))
              ).pipe(Layer.provide([doubles.responder ?? Playground, store])),
              doubles.readiness ?? Ready
            ]),
            Layer.provide(store),
            Layer.provide([LogBudget.layer, doubles.limits ?? userLimits(settings)]),
            Layer.provide(captureLogs(logs))
          )
        )
        const { address } = Context.get(context, HttpServer.HttpServer)
        return {
          url: HttpServer.formatAddress(address),
          logs,
          asked,
          keyLoads: () => loads,
          draining: Context.get(context, Draining)
        }
      })
    )
}

/** A good plugin token for one of the cast. */
export const tokenFor = (person: string, claims: Record<string, unknown> = {}) =>
  Effect.promise(() => sign(key, pluginClaims(person, claims)))
