/** A stream of events as the answer to a call. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Problem } from "@threadfold/contracts/problem"
import { type AudioListener, VoiceRuns } from "@threadfold/orchestrator"
import { Effect, identity } from "effect"
import type { Held } from "../../subscriptions/Holds.js"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import type { Feed } from "./Feed.js"
import { controlFrame, parseCursor } from "./Frame.js"
import { frameStream } from "./frameStream.js"
import type { FrameFilter } from "./Ring.js"

/** Whether a call wants a stream. */
export const wantsStream = (request: HttpServerRequest.HttpServerRequest): boolean =>
  (request.headers.accept ?? "").toLowerCase().includes("text/event-stream")

/** Parameters of a page, which a stream does not take: a caller that sends one expects a page. */
const pageOnly = ["cursor", "limit", "order"]

const refusePageParameters = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<void, Problem> => {
  const query = request.url.split("?", 2)[1] ?? ""
  const given = [...new URLSearchParams(query).keys()].find((name) => pageOnly.includes(name))
  return given === undefined
    ? Effect.void
    : new Problem({
        slug: "invalid-request",
        detail: `query: ${given} is for pages; a stream takes after, types, audio and min-sequence.`,
      })
}

/** A call that is answered with a stream. */
export interface StreamCall {
  readonly request: HttpServerRequest.HttpServerRequest
  /** `after` of its query; `Last-Event-ID` wins over it. */
  readonly after: string | undefined
  readonly filter: FrameFilter
  /** Sequence after which it begins, whatever the call says; absent: where the call says. */
  readonly begin?: number
  /** What keeps its body to a subscription; absent: nothing does. */
  readonly held?: Held
  /** Hears audio until the returned function is called; absent: the stream has none. */
  readonly hear?: (listener: AudioListener) => () => void
  /** Path of the snapshot to read when the cursor cannot be followed. */
  readonly snapshot: string
}

/** How a stream hears audio, where its query asks for that; a thread's own, or (null) every thread's. */
export const liveAudio = Effect.map(
  VoiceRuns,
  ({ hear }) =>
    (query: { readonly audio?: boolean | "live" | undefined }, threadId: string | null): Pick<StreamCall, "hear"> =>
      query.audio === "live" ? { hear: (listener) => hear(threadId, listener) } : {},
)

/**
 * What answers with a stream of a feed. It fails with `invalid-cursor`, with `invalid-request` for a parameter of pages, or
 * `too-many-requests` when too many streams are open.
 */
export const streamServer = (
  feed: Feed,
): Effect.Effect<
  (call: StreamCall) => Effect.Effect<HttpServerResponse.HttpServerResponse, Problem>,
  never,
  HttpLimits | Metrics
> =>
  Effect.gen(function* () {
    const limits = yield* HttpLimits
    const metrics = yield* Metrics
    return ({ after, begin, filter, hear = null, held = identity, request, snapshot }) =>
      Effect.gen(function* () {
        yield* refusePageParameters(request)
        const text = begin === undefined ? (request.headers["last-event-id"] ?? after) : String(begin)
        const cursor = text === undefined ? null : yield* parseCursor(text)
        if (metrics.streams >= limits.streams) {
          return yield* new Problem({ slug: "too-many-requests", detail: `${metrics.streams} streams are open.` })
        }
        const response = NodeHttpServerRequest.toServerResponse(request)
        const cut = Effect.sync(() => response.destroy()).pipe(Effect.delay(limits.stream.overflowGraceMs))
        const disconnect = (data: { readonly events: number; readonly bytes: number }) => {
          // Into the buffer behind the piece that the socket did not take: it arrives if the reader reads on in time.
          response.write(controlFrame(null, "overflow", data))
          Effect.runFork(cut)
        }
        const body = frameStream({ feed, limits: limits.stream, cursor, filter, hear, snapshot, disconnect })
        return HttpServerResponse.stream(held(body), {
          contentType: "text/event-stream",
          // A stream ends with its server or its reader: its connection is not kept for another call.
          headers: { "cache-control": "no-store", "x-accel-buffering": "no", connection: "close" },
        })
      })
  })
