import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { CurrentUser } from "../auth/CurrentUser.ts"
import {
  InvalidTokenWire,
  NoActiveSessionWire,
  UnavailableWire,
  UserNotFoundWire
} from "./Errors.ts"

/** Lets a request through only with a known user and a live session. */
export class Authentication extends HttpApiMiddleware.Service<
  Authentication,
  { provides: CurrentUser }
>()("effect-chatkit/api/Authentication", {
  security: {
    bearer: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(
        OpenApi.Description,
        "A token of Better Auth's JWT plugin: `authClient.token()`"
      )
    )
  },
  error: [InvalidTokenWire, UserNotFoundWire, NoActiveSessionWire, UnavailableWire]
}) {}
