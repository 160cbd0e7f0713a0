/** For pages: a `fetch` for ChatKit's `api.fetch`. */
export {
  chatKitFetch,
  type ChatKitFetchOptions,
  type RefusedRequest
} from "../client/ChatKitFetch.ts"
