import { HttpApi, OpenApi } from "effect/http-api"
import { AttachmentsApi } from "./AttachmentsApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { SupportApi } from "./SupportApi.ts"

/** The whole surface. */
export class Api extends HttpApi.make("effect-chatkit")
  .add(SupportApi)
  .add(AttachmentsApi)
  .add(HealthApi)
  .annotateMerge(
    OpenApi.annotations({
      title: "effect-chatkit",
      version: "0.1.0",
      description:
        "The ChatKit backend for the users of your Better Auth app. `npm run -s token -- ada` prints a token for the demo user ada in development; in a page it is `authClient.token()`."
    })
  ) {}
