/** Follows the stream of events of the server that owns a data directory, until the server ends. */
import { Problem, type ProblemSlug } from "@threadfold/contracts"
import { Effect, Stream } from "effect"
import type { Server } from "./Place.js"

/** One frame of a stream of server-sent events (the HTML standard, "Server-sent events"). */
interface Frame {
  readonly id: string | null
  readonly event: string
  readonly data: string
}

const empty: Frame = { id: null, event: "message", data: "" }

/** The frames of a body's lines: a blank line ends a frame; comments and unknown fields are skipped. */
const framesOf = <E>(lines: Stream.Stream<string, E>): Stream.Stream<Frame, E> =>
  lines.pipe(
    Stream.mapAccum(empty, (frame, line): readonly [Frame, Frame | null] => {
      if (line === "") return [empty, frame === empty ? null : frame]
      const colon = line.indexOf(":")
      const name = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
      if (name === "id") return [{ ...frame, id: value }, null]
      if (name === "event") return [{ ...frame, event: value }, null]
      if (name === "data") return [{ ...frame, data: frame.data === "" ? value : `${frame.data}\n${value}` }, null]
      return [frame, null]
    }),
    Stream.filter((frame): frame is Frame => frame !== null),
  )

const failed = (slug: ProblemSlug, server: Server, detail: string) =>
  new Problem({ slug, detail: `${server.url} ${detail}.` })

/** The body of the stream after a place, as lines. A connection that breaks later is an end like any other. */
const open = (server: Server, path: string, after: string) =>
  Stream.unwrap(
    Effect.tryPromise({
      try: (signal) =>
        fetch(`${server.url}${path}?after=${encodeURIComponent(after)}`, {
          signal,
          headers: { accept: "text/event-stream", authorization: `Bearer ${server.token}` },
        }),
      catch: (error) => failed("unavailable", server, `cannot be reached (${String(error)})`),
    }).pipe(
      Effect.flatMap((response) => {
        const { body, status } = response
        if (status !== 200 || body === null) {
          return Effect.fail(failed(status === 401 ? "unauthorized" : "unavailable", server, `answered ${status}`))
        }
        return Effect.succeed(
          Stream.fromReadableStream<Uint8Array, null>({ evaluate: () => body, onError: () => null }).pipe(
            Stream.catchAll(() => Stream.empty),
            Stream.decodeText(),
            Stream.splitLines,
          ),
        )
      }),
    ),
  )

/** Frames in which the stream speaks of itself. */
const ownFrames: ReadonlySet<string> = new Set(["reset", "synced", "overflow"])

export interface FollowQuery {
  readonly threadId?: string
  /** Events after this sequence. */
  readonly after: number
  /** Told where the server began anew because the place was of no use. */
  readonly onReset: (detail: string) => void
}

/** What comes, as the JSON of envelopes. A reader that was too slow is connected again where it was. */
export const follow = (server: Server, query: FollowQuery): Stream.Stream<string, Problem> => {
  const path = query.threadId === undefined ? "/v1/events" : `/v1/threads/${query.threadId}/events`
  const from = (after: string): Stream.Stream<string, Problem> => {
    let last = after
    let overflowed = false
    const envelopes = framesOf(open(server, path, after)).pipe(
      Stream.filter((frame) => {
        last = frame.id ?? last
        if (frame.event === "overflow") overflowed = true
        if (frame.event === "reset") query.onReset(frame.data)
        return !ownFrames.has(frame.event)
      }),
      Stream.map(({ data }) => data),
    )
    return Stream.concat(
      envelopes,
      Stream.suspend(() => (overflowed ? from(last) : Stream.empty)),
    )
  }
  return from(String(query.after))
}
