/** Spans of reads that are answered at once: the same as those that the router makes of all other calls. */
import type { IncomingMessage } from "node:http"
import * as Headers from "@effect/platform/Headers"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import { Context, Effect, Exit, FiberRef, type Tracer } from "effect"
import type { DirectAnswer } from "./DirectReads.js"

export interface DirectSpans {
  /** The present as spans have it, ns. */
  readonly now: () => bigint
  /** Records the span of a read that began at `startedAt` and has its answer now. */
  readonly record: (request: IncomingMessage, answer: DirectAnswer, startedAt: bigint) => void
}

const urlOf = ({ headers, url = "" }: IncomingMessage): URL | null => {
  const base = `${headers["x-forwarded-proto"] === "https" ? "https" : "http"}://${headers.host ?? "localhost"}`
  return URL.canParse(url, base) ? new URL(url, base) : null
}

const describeCall = (span: Tracer.Span, request: IncomingMessage, headers: Headers.Headers): void => {
  span.attribute("http.request.method", request.method ?? "")
  const url = urlOf(request)
  if (url !== null) {
    span.attribute("url.full", url.href)
    span.attribute("url.path", url.pathname)
    if (url.search.length > 1) span.attribute("url.query", url.search.slice(1))
    span.attribute("url.scheme", url.protocol.slice(0, -1))
  }
  const agent = headers["user-agent"]
  if (agent !== undefined) span.attribute("user_agent.original", agent)
  const { remoteAddress } = request.socket
  if (remoteAddress !== undefined) span.attribute("client.address", remoteAddress)
}

/** What records spans; null where none are made: then a read costs nothing more. */
export const directSpans: Effect.Effect<DirectSpans | null> = Effect.gen(function* () {
  if (!(yield* FiberRef.get(FiberRef.currentTracerEnabled))) return null
  const tracer = yield* Effect.tracer
  const clock = yield* Effect.clock
  const redacted = yield* FiberRef.get(Headers.currentRedactedNames)
  const now = () => clock.unsafeCurrentTimeNanos()

  const addHeaders = (span: Tracer.Span, of: "request" | "response", headers: Headers.Headers): void => {
    for (const [name, value] of Object.entries(Headers.redact(headers, redacted))) {
      span.attribute(`http.${of}.header.${name}`, String(value))
    }
  }

  return {
    now,
    record: (request, { response, route }, startedAt) => {
      const headers = Headers.fromInput(request.headers)
      const parent = HttpTraceContext.fromHeaders(headers)
      const span = tracer.span(`http.server ${request.method}`, parent, Context.empty(), [], startedAt, "server")
      describeCall(span, request, headers)
      addHeaders(span, "request", headers)
      span.attribute("http.route", route)
      span.attribute("http.response.status_code", response.status)
      addHeaders(span, "response", response.headers)
      span.end(now(), Exit.void)
    },
  }
})
