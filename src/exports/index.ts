/** The door for modules that answer: `RESPONDER=./answers.ts`. */
export { CurrentUser, type Verification } from "../auth/CurrentUser.ts"
export { DbUnavailable, NotFound } from "../core/Errors.ts"
export { RequestInfo } from "../core/RequestInfo.ts"
export { SessionId, UserId } from "../core/User.ts"
export { type ChatKitHandler, type ChatKitOptions, createChatKit } from "../Handler.ts"
export * as Answer from "../responder/Answer.ts"
export { CurrentTurn } from "../responder/CurrentTurn.ts"
export { FileRefused, ResponderFailed } from "../responder/Errors.ts"
export { ModelChoice } from "../responder/model/ModelChoice.ts"
export { ModelLimits } from "../responder/model/ModelLimits.ts"
export { ModelRequest } from "../responder/model/ModelRequest.ts"
export * as ModelResponder from "../responder/model/ModelResponder.ts"
export { ModelUsage } from "../responder/model/usage/ModelUsage.ts"
export { Transcriber } from "../responder/model/Transcriber.ts"
export {
  type Dictation,
  type Feedback,
  Responder,
  type ResponderShape,
  type SyncAction
} from "../responder/Responder.ts"
export { CustomStreamError, StreamError } from "../responder/StreamErrors.ts"
export type { ActionTurn, MessageTurn, NewFile, Turn } from "../responder/Turn.ts"
