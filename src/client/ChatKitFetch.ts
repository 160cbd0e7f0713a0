/** A request that was refused, for the page to say so and to give the text back. */
export interface RefusedRequest {
  /** The status of the answer; 0 when none came. */
  readonly status: number
  /** The sentence for the person. */
  readonly message: string
  /** The words of the person, so that `setComposerValue` can give it back. */
  readonly text: string | undefined
}

export interface ChatKitFetchOptions {
  /** A fresh token, or nothing when nobody is signed in: Better Auth's `authClient.token()`. */
  readonly token: () => Promise<string | null | undefined>
  /** Called when there is no token, or when the server takes none. */
  readonly onSignedOut?: () => void
  /** Called when a message was not taken. ChatKit itself would let it disappear. */
  readonly onRefused?: (refused: RefusedRequest) => void
  /** The `fetch` that is used; the page's own by default. */
  readonly fetch?: typeof globalThis.fetch
}

const signedOut = "Please sign in to go on."
const offline = "The chat cannot be reached right now. Please try again."

/**
 * A `fetch` for ChatKit's `api.fetch`. It adds the token, asks for a fresh one and tries once more
 * after a 401, and sends nothing without one. ChatKit shows nothing where an answer begins with an
 * error status, and sends the same message again up to five times after a 5xx: here a refusal of a
 * streaming operation becomes an event stream with one `error` event that has the server's words.
 */
export const chatKitFetch = (options: ChatKitFetchOptions): typeof globalThis.fetch => {
  const { fetch = globalThis.fetch, onRefused, onSignedOut, token } = options

  const send = async (input: string | URL | Request, init: RequestInit | undefined) => {
    const value = await token()
    if (!value) return undefined
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}))
    headers.set("authorization", `Bearer ${value}`)
    return fetch(input, { ...init, headers })
  }

  return async (input, init) => {
    const isStreaming = acceptOf(input, init).includes("text/event-stream")
    const refuse = (status: number, message: string, allow_retry: boolean) => {
      if (!isStreaming) return undefined
      onRefused?.({ status, message, text: textOf(init?.body) })
      return eventStream({ type: "error", code: "custom", message, allow_retry })
    }
    try {
      const first = await send(input, init)
      const response = first?.status === 401 ? await send(input, init) : first
      if (response === undefined || response.status === 401) {
        onSignedOut?.()
        const answer = response ?? jsonOf(401, signedOut)
        return refuse(401, signedOut, false) ?? answer
      }
      if (response.ok || !isStreaming) return response
      const message = await messageOf(response)
      return refuse(response.status, message, response.status === 429 || response.status >= 500)!
    } catch (error) {
      // Stop, or the page is left.
      if (init?.signal?.aborted) throw error
      const refused = refuse(0, offline, true)
      if (refused === undefined) throw error
      return refused
    }
  }
}

const acceptOf = (input: string | URL | Request, init: RequestInit | undefined): string =>
  new Headers(init?.headers ?? (input instanceof Request ? input.headers : {})).get("accept") ?? ""

const jsonOf = (status: number, message: string) =>
  new Response(JSON.stringify({ error: message, status, message }), {
    status,
    headers: { "content-type": "application/json" }
  })

const eventStream = (event: object) =>
  new Response(`data: ${JSON.stringify(event)}\n\n`, {
    headers: { "content-type": "text/event-stream" }
  })

/** The server's own sentence, where it has one. */
const messageOf = async (response: Response): Promise<string> => {
  try {
    const { error, message } = (await response.json()) as Record<string, unknown>
    if (typeof message === "string") return message
    if (typeof error === "string") return error
  } catch {
    // Something between the page and the server has answered.
  }
  return offline
}

/** The words of the person in a request that sends a message. */
const textOf = (body: unknown): string | undefined => {
  if (typeof body !== "string") return undefined
  try {
    const { params } = JSON.parse(body) as {
      readonly params?: {
        readonly input?: { readonly content?: ReadonlyArray<{ readonly text?: string }> }
      }
    }
    const text = params?.input?.content?.map((part) => part.text ?? "").join("")
    return text === "" ? undefined : text
  } catch {
    return undefined
  }
}
