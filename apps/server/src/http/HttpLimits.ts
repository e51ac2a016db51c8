/** The limits that protect the HTTP server. */
import { Context, Layer } from "effect"

/** Every bound of the server. All are per server, not per client: on a loopback all clients look alike. */
export interface HttpLimitValues {
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
  /**
   * How long a connection may be idle, ms. Longer than a caller keeps its own, mostly: one that is closed here while a call is on its
   * way makes that call fail.
   */
  readonly idleMs: number
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
  /** Events, or bytes, written to a socket in one piece. */
  readonly pieceEvents: number
  readonly pieceBytes: number
  /** Live audio that may wait for the socket of a stream, characters of base64: some 16 seconds. */
  readonly audioLength: number
  /** Time between heartbeats, ms. */
  readonly heartbeatMs: number
  /** How long the rows that change are noted when the last stream of them has ended, ms. */
  readonly changesLingerMs: number
  /** How long a stream that overflowed may still take what was written before its socket is closed, ms. */
  readonly overflowGraceMs: number
  /** How long a reader should wait before it connects again, ms. */
  readonly retryMs: number
}

export const defaultLimits: HttpLimitValues = {
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
  idleMs: 65_000,
  waitMs: 5_000,
  shutdownMs: 1_000,
  stream: {
    ringEvents: 8_192,
    ringBytes: 8 * 1024 * 1024,
    pendingEvents: 10_000,
    pendingBytes: 8 * 1024 * 1024,
    pieceEvents: 256,
    pieceBytes: 64 * 1024,
    audioLength: 1024 * 1024,
    heartbeatMs: 15_000,
    changesLingerMs: 60_000,
    overflowGraceMs: 2_000,
    retryMs: 1_000,
  },
}

/** Limits that differ from {@link defaultLimits}. */
export type OtherLimits = Partial<Omit<HttpLimitValues, "stream">> & { readonly stream?: Partial<StreamLimits> }

/** The limits of a server. */
export class HttpLimits extends Context.Tag("@threadfold/server/HttpLimits")<HttpLimits, HttpLimitValues>() {
  /** {@link defaultLimits}, with others in the place of some. */
  static readonly layer = (others: OtherLimits = {}): Layer.Layer<HttpLimits> =>
    Layer.succeed(HttpLimits, {
      ...defaultLimits,
      ...others,
      stream: { ...defaultLimits.stream, ...others.stream },
    })
}
