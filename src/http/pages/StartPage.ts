import { hash } from "node:crypto"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import type { SettingsShape } from "../../settings/Settings.ts"
import { firstRequest } from "./FirstRequest.ts"

/** `GET /` in development: where a newcomer finds the docs, and a first request to paste. */
export const StartPage = (settings: SettingsShape) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const router = yield* HttpRouter.HttpRouter
      const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
      const page = HttpServerResponse.text(markupOf(url, settings), {
        contentType: "text/html; charset=utf-8",
        headers: { "content-security-policy": policy }
      })
      yield* router.add("GET", "/", page)
    })
  )

const style = `
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
pre { padding: 1rem; border: 1px solid #8888; border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere }
:root { color-scheme: light dark }
`

const policy =
  `default-src 'none'; style-src 'sha256-${hash("sha256", style, "base64")}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const markupOf = (url: string, settings: SettingsShape): string => {
  const { command, person } = firstRequest(
    url,
    settings,
    (person) => `npm run -s token -- ${person}`
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>effect-chatkit</title>
<style>${style}</style>
</head>
<body>
<h1>effect-chatkit</h1>
<p>This server runs in development mode. It answers ChatKit at <code>POST /support/chatkit</code>.</p>
<p>Try it in a terminal, in the directory of the server, as ${escape(person)}:</p>
<pre>${escape(command)}</pre>
<ul>
${settings.docs ? `<li><a href="/docs">The docs</a>: every route, with examples</li>\n` : ""}<li><a href="/openapi.json">The contract</a> (OpenAPI 3.1)</li>
<li><a href="/support/health">Health</a>: whether the server runs</li>
<li><a href="/readyz">Readiness</a>: whether it can do its work, and what is missing if not</li>
</ul>
</body>
</html>
`
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
