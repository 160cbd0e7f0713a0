import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar } from "effect/http-api"
import { Api } from "../../api/Api.ts"
import type { SettingsShape } from "../../settings/Settings.ts"
import { StartPage } from "./StartPage.ts"

/** Where `HttpApiBuilder.layer` serves the contract as OpenAPI 3.1. */
export const contractPath = "/openapi.json"

/** The routes beside the contract, all of them `GET`: their paths, and the layer of the pages. */
export const pages = (settings: SettingsShape) => {
  const { docs, production } = settings
  return {
    paths: [contractPath, ...(docs ? ["/docs"] : []), ...(production ? [] : ["/"])],
    layer: Layer.merge(docs ? Docs : Layer.empty, production ? Layer.empty : StartPage(settings))
  }
}

/** Scalar's page is one file with its script inside; the policy lets it load nothing else. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
  "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const withDocsPolicy = HttpRouter.middleware((page) =>
  Effect.map(page, HttpServerResponse.setHeader("content-security-policy", docsPolicy))
)

const Docs = HttpApiScalar.layer(Api, {
  path: "/docs",
  scalar: {
    withDefaultFonts: false,
    authentication: { preferredSecurityScheme: "bearer" },
    defaultOpenAllTags: true,
    hideModels: true
  }
}).pipe(Layer.provide(withDocsPolicy.layer))
