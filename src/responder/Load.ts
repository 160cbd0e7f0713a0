import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { Cause, Context, Effect, Layer, Predicate, Schema } from "effect"
import { Responder } from "./Responder.ts"

/** The module that `RESPONDER` names cannot answer; the message says what to do. */
export class BadResponder extends Schema.TaggedError<BadResponder>()("BadResponder", {
  message: Schema.String
}) {}

const bad = (message: string) => Effect.fail(new BadResponder({ message: `RESPONDER: ${message}` }))

/** Seconds that a module may take to load. */
const patience = 10

/** A file of the working directory, or a package beside us or beside the working directory. */
const locate = (name: string): string => {
  if (/^(\.{1,2}[/\\]|[/\\]|[A-Za-z]:[/\\])/.test(name)) {
    return pathToFileURL(path.resolve(name)).href
  }
  try {
    return import.meta.resolve(name)
  } catch {
    return pathToFileURL(createRequire(path.resolve("noop.js")).resolve(name)).href
  }
}

/**
 * The responder that is the default export of a module, a layer. It is built before the server
 * listens, with what the server offers (`Offered`); every reason not to be is one sentence.
 */
export const load = <Offered>(name: string): Layer.Layer<Responder, BadResponder, Offered> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const module = yield* Effect.tryPromise({
        try: async (): Promise<unknown> => import(locate(name)),
        catch: (cause) => new BadResponder({ message: `RESPONDER: ${notLoaded(name, cause)}` })
      }).pipe(
        Effect.timeoutOrElse({
          duration: `${patience} seconds`,
          orElse: () =>
            bad(
              `${name} is still loading after ${patience} seconds: does it await at its top level?`
            )
        })
      )
      if (!Predicate.hasProperty(module, "default")) {
        return yield* bad(`${name} has no default export: export default a layer of Responder`)
      }
      const layer: unknown = module.default
      if (!Layer.isLayer(layer)) {
        return yield* bad(
          `the default export of ${name} is not a layer: make one with Layer.succeed(Responder, …)`
        )
      }
      const built = yield* Layer.build(layer as Layer.Layer<unknown, unknown, Offered>).pipe(
        Effect.catchCause((cause) => bad(notBuilt(name, cause)))
      )
      const responder = Context.getOrUndefined(built as Context.Context<Responder>, Responder)
      if (responder === undefined) {
        return yield* bad(`the layer that ${name} exports provides no Responder`)
      }
      return Context.make(Responder, responder)
    })
  )

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!

/** Why a module did not load: Node's messages name the file only sometimes. */
const notLoaded = (name: string, cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  switch (code) {
    case "ERR_MODULE_NOT_FOUND":
    case "MODULE_NOT_FOUND":
      return `${name} or something that it imports does not exist (${firstLine(cause)})`
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return `${name} uses TypeScript that Node cannot strip, as enums or namespaces (${firstLine(cause)})`
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return `${name} is TypeScript inside node_modules, which Node does not run: name its compiled JavaScript`
    default:
      return cause instanceof SyntaxError
        ? `${name} cannot be parsed: ${firstLine(cause)}`
        : `${name} failed while it was loading: ${firstLine(cause)}`
  }
}

/** A missing requirement is a defect of Effect's that names the service. */
const notBuilt = (name: string, cause: Cause.Cause<unknown>): string => {
  const line = firstLine(Cause.squash(cause))
  const service = /^Service not found: ([^\s(]+)/.exec(line)?.[1]
  if (service === undefined) return `${name} did not start: ${line}`
  return service.startsWith("effect/ai/") || service.includes("/responder/model/")
    ? `${name} asks for the model (${service}): set MODEL`
    : `${name} needs ${service}, which the server does not offer: provide it in the module`
}
