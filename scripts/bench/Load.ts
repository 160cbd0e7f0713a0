/** One run of one request against one server. */
export interface LoadOptions {
  readonly url: string
  /** A file with one token a line, used in turn. */
  readonly tokens: string
  readonly connections: number
  /** What every answer should be. */
  readonly status: number
  readonly seconds: number
  /** Ends the run early after this many requests, so that no token is sent twice. */
  readonly limit?: number
}

export interface Load {
  /** Answered. */
  readonly requests: number
  /** Sent, whether or not the answer came before the end. */
  readonly sent: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Answers with another status than the expected one. */
  readonly unexpected: number
  /** Requests without an answer. */
  readonly failed: number
}

export interface LoadGenerator {
  readonly name: string
  readonly run: (options: LoadOptions) => Promise<Load>
}

export const path = "/support/chatkit"

/** The one ChatKit request whose answer needs nothing but the authentication. */
export const body = JSON.stringify({
  type: "input.transcribe",
  params: { audio_base64: "", mime_type: "audio/webm" }
})
