import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { forAnyone } from "./ErrorSchemas.ts"

/** Lets a request through only with a known user and a live session. */
export class Authentication extends HttpApiMiddleware.Service<
  Authentication,
  { provides: CurrentUser }
>()("effect-chatkit/api/Authentication", {
  security: {
    // Scalar knows the scheme in lower case only: `HttpApiSecurity.bearer` is shown as Basic.
    bearer: HttpApiSecurity.http({ scheme: "bearer" }).pipe(
      HttpApiSecurity.annotate(
        OpenApi.Description,
        "A JWT of Better Auth's `jwt()` plugin: `authClient.token()` in the browser. In development `npm run -s token -- ada` prints one for the demo user ada."
      ),
      HttpApiSecurity.annotate(OpenApi.Format, "JWT")
    )
  },
  error: [
    forAnyone.InvalidToken,
    forAnyone.UserNotFound,
    forAnyone.NoActiveSession,
    forAnyone.Unavailable,
    forAnyone.Refused500
  ]
}) {}
