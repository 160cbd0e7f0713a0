import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import { AnswersWhileDraining } from "../api/AnswersWhileDraining.ts"
import { Api } from "../api/Api.ts"
import type { Surface } from "../api/UpstreamApi.ts"
import { methodNotAllowed, routeNotFound } from "./Refusals.ts"

/** The routes of the contract and the pages beside it, as the refusals need to know them. */
export const routesOf = (pages: ReadonlyArray<string>, api: Surface = Api) => {
  const methods = new Map<string, Array<string>>(pages.map((path) => [path, ["GET"]]))
  const draining: Array<string> = []
  HttpApi.reflect(api as typeof Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, path }, mergedAnnotations }) => {
      methods.set(path, [...(methods.get(path) ?? []), method])
      if (Context.get(mergedAnnotations, AnswersWhileDraining)) draining.push(patternOf(path))
    }
  })
  const refusals = Array.from(methods, ([path, methods]) => ({
    path: new RegExp(`^${patternOf(path)}$`),
    refusal: methodNotAllowed(allowOf(methods))
  }))
  const always = new RegExp(`^(${draining.join("|")})$`)
  // The router takes any case, repeated slashes, parameters and encoded letters for the same path.
  const fixed = new Set([...methods.keys()].filter((path) => !path.includes(":")))
  return {
    /** Whether there is such a path, written exactly so. */
    isKnown: (url: string): boolean => {
      const path = pathOf(url)
      return fixed.has(path) || refusals.some((known) => known.path.test(path))
    },
    /** The answer where the router found no handler: 405 if the path has other methods, or 404. */
    unrouted: (url: string) => {
      const path = pathOf(url)
      return refusals.find((known) => known.path.test(path))?.refusal ?? routeNotFound
    },
    answersWhileDraining: (url: string): boolean => always.test(pathOf(url))
  }
}

const patternOf = (path: string): string => path.replaceAll(".", "\\.").replace(/:\w+/g, "[^/;]+")

const pathOf = (url: string): string => {
  const query = url.indexOf("?")
  return query === -1 ? url : url.slice(0, query)
}

/** `HEAD` is answered wherever `GET` is, and `OPTIONS` everywhere (CORS). */
const allowOf = (methods: ReadonlyArray<string>): string => {
  const all = methods.includes("GET") ? [...methods, "HEAD"] : [...methods]
  return [...all.sort(), "OPTIONS"].join(", ")
}
