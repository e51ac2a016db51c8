/** What the HTTP server is told, and the limits that protect it. */
import type { ServerSecrets } from "../config/ServerSecrets.js"
import type { ImportLimits } from "../imports/ImportSettings.js"

/** Every bound of the server. All are per server, not per client: on a loopback all clients look alike. */
export interface HttpLimits {
  /** Longest body of a call, bytes. */
  readonly bodyBytes: number
  /** Longest body that describes one thing, such as the registration of a session, bytes. */
  readonly smallBodyBytes: number
  /** Longest request head, bytes. */
  readonly headerBytes: number
  /** Connections open at a time. */
  readonly connections: number
  /** How many of them only callers that have shown the token may hold. */
  readonly reservedConnections: number
  /** Streams of events open at a time. */
  readonly streams: number
  /** Calls that wait for the end of a turn at a time. */
  readonly waiters: number
  /** Calls answered per second in the long run … */
  readonly callsPerSecond: number
  /** … and how many at once. */
  readonly callBurst: number
  /** Wrong tokens per minute before every further one gets 429. Right tokens are never counted. */
  readonly wrongTokensPerMinute: number
  /** Until when the head and the body of a call must have arrived, ms. */
  readonly requestMs: number
  /** How long a finished answer may find no reader, and a caller may keep its side of an ended connection open, ms. */
  readonly answerMs: number
  /** How long `min-sequence` waits, ms. */
  readonly waitMs: number
  /** How long calls that are under way may take to end at a shutdown, ms. */
  readonly shutdownMs: number
  readonly stream: StreamLimits
}

/** Bounds of the streams of events. */
export interface StreamLimits {
  /** Encoded events that all streams share: how many … */
  readonly ringEvents: number
  /** … and how many bytes of them. */
  readonly ringBytes: number
  /** What may be published for a stream while its socket takes nothing: events … */
  readonly pendingEvents: number
  /** … and bytes. Beyond either the stream ends. */
  readonly pendingBytes: number
  /** Events, or bytes, given to a socket in one piece. */
  readonly pieceEvents: number
  readonly pieceBytes: number
  /** Time between heartbeats, ms. */
  readonly heartbeatMs: number
  /** How long the rows that change are noted when the last stream of them has ended, ms. */
  readonly changesLingerMs: number
  /** How long a stream that overflowed may still take what was written before its socket is closed, ms. */
  readonly overflowGraceMs: number
  /** What a reader is told to wait before it connects again, ms. */
  readonly retryMs: number
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 16 * 1024 * 1024,
  smallBodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  connections: 512,
  reservedConnections: 128,
  streams: 256,
  waiters: 256,
  callsPerSecond: 2_000,
  callBurst: 4_000,
  wrongTokensPerMinute: 60,
  requestMs: 30_000,
  answerMs: 10_000,
  waitMs: 5_000,
  shutdownMs: 1_000,
  stream: {
    ringEvents: 8_192,
    ringBytes: 8 * 1024 * 1024,
    pendingEvents: 10_000,
    pendingBytes: 8 * 1024 * 1024,
    pieceEvents: 256,
    pieceBytes: 64 * 1024,
    heartbeatMs: 15_000,
    changesLingerMs: 60_000,
    overflowGraceMs: 2_000,
    retryMs: 1_000,
  },
}

export interface HttpOptions {
  /** The data directory: the token and the discovery file are kept there. */
  readonly dataDir: string
  /** Address to listen on; `127.0.0.1` unless told. */
  readonly host?: string
  /** Port to listen on; 0 (the default): a free one. */
  readonly port?: number
  /** Must be true for an address that is not loopback. */
  readonly allowRemote?: boolean
  /** Further names under which the server may be called, without port; only with `allowRemote`. */
  readonly allowedHosts?: readonly string[]
  /** Version that the server tells of itself. */
  readonly version: string
  /** What counts the redactions of secrets. Default: nothing does. */
  readonly secrets?: Pick<ServerSecrets, "removed">
  /** What is allowed of imports; {@link defaultImportLimits} unless told. */
  readonly imports?: ImportLimits
  /** Takes the lines of the access log, standard error unless told; null: there is none. */
  readonly accessLog?: ((line: string) => void) | null
  /** Limits that differ from {@link defaultLimits}. */
  readonly limits?: Partial<Omit<HttpLimits, "stream">> & { readonly stream?: Partial<StreamLimits> }
}

/** The limits of a server. */
export const limitsOf = (options: Pick<HttpOptions, "limits">): HttpLimits => ({
  ...defaultLimits,
  ...options.limits,
  stream: { ...defaultLimits.stream, ...options.limits?.stream },
})
