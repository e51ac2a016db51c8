/** What happens to a request before any route: the gate, the calls that are answered without the router, the headers of every answer. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Engine } from "@threadfold/engine"
import { Clock, Effect, Layer } from "effect"
import { type AccessEntry, makeAccessLog } from "./accessLog.js"
import { makeApp } from "./app.js"
import { compressed } from "./compressed.js"
import { DirectPushes } from "./direct/DirectPushes.js"
import { DirectReads } from "./direct/DirectReads.js"
import { directSpans } from "./direct/directSpans.js"
import { sendDirect } from "./direct/sendDirect.js"
import { HttpLimits } from "./HttpLimits.js"
import type { Refuse } from "./HttpOptions.js"
import { Metrics } from "./Metrics.js"
import { hasBody } from "./node/bodyArrival.js"
import { Listener } from "./node/Listener.js"
import { PageAccess } from "./page/PageAccess.js"
import { isVisit, PageFiles } from "./page/PageFiles.js"
import { sendProblem } from "./problemAnswer.js"
import { exposeTo, isPreflight, sendPreflight } from "./security/crossOrigin.js"
import { makeGuard, type PageCaller, pathOf, type RequestFacts } from "./security/Guard.js"
import { type HostPolicy, otherUiOf } from "./security/Hosts.js"
import { docsPolicy, securityHeaders } from "./security/headers.js"

/** Who may call, and what is noted of it. */
export interface GateOptions {
  /** The token that calls carry. */
  readonly token: string
  readonly policy: HostPolicy
  /** Takes the lines of the access log; null: there is none. */
  readonly accessLog: ((line: string) => void) | null
  /** Refuses calls that have passed the gate; null: none. */
  readonly refuse: Refuse | null
}

/** What the gate looks at. Host, origin and authorization are taken from the raw headers: each as often as it was sent. */
const factsOf = (request: IncomingMessage): RequestFacts => {
  const { rawHeaders, url = "" } = request
  const hosts: string[] = []
  let origin: string | undefined
  let authorization: string | undefined
  const joined = (before: string | undefined, value: string) => (before === undefined ? value : `${before}, ${value}`)
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ""
    const value = rawHeaders[at + 1] ?? ""
    if (name.length === 4 && name.toLowerCase() === "host") hosts.push(value)
    else if (name.length === 6 && name.toLowerCase() === "origin") origin = joined(origin, value)
    else if (name.length === 13 && name.toLowerCase() === "authorization") authorization = joined(authorization, value)
  }
  return { target: url, hosts, origin, authorization, isPreflight: isPreflight(request), isVisit: isVisit(request) }
}

/** An answer ends when the token of its page does. */
const endWith = ({ answers }: PageCaller, response: ServerResponse): void => {
  answers.add(response)
  response.once("close", () => answers.delete(response))
}

/** The listener of a server's requests. */
export const requestListener = ({ accessLog, policy, refuse, token }: GateOptions) =>
  Effect.gen(function* () {
    const direct = yield* DirectReads
    const spans = yield* directSpans
    const pushes = yield* DirectPushes
    const { log } = yield* Engine
    const limits = yield* HttpLimits
    const { known } = yield* Listener
    const metrics = yield* Metrics
    const platform = yield* Layer.build(NodeHttpServer.layerContext)
    const handler = yield* Effect.provide(NodeHttpServer.makeHandler(yield* makeApp), platform)
    const clock = yield* Clock.clockWith(Effect.succeed)
    const now = () => clock.unsafeCurrentTimeMillis()
    const { callerOf } = yield* PageAccess
    const pageFiles = yield* PageFiles
    const guard = makeGuard({ ...limits, token, pageOf: callerOf, policy, now })
    const note: ((entry: AccessEntry) => void) | null = accessLog === null ? null : makeAccessLog(accessLog, now)

    const answered = ({ method = "", url = "" }: IncomingMessage, response: ServerResponse) => {
      metrics.answered(response.statusCode)
      note?.({ method, target: url, status: response.statusCode })
    }
    const answer: RequestListener = (request, response) => {
      const { headers, method, url = "" } = request
      response.on("close", () => answered(request, response))
      const facts = factsOf(request)
      const otherUi = otherUiOf(policy, facts.origin)
      // A refusal, too: else the page learns of no reason.
      if (otherUi !== null) exposeTo(otherUi, response)
      const { isKnown, page, refusal: guarded } = guard(facts)
      if (guarded === null && otherUi !== null && facts.isPreflight) return sendPreflight(request, response)
      if (isKnown) known(request.socket)
      if (page !== null) endWith(page, response)
      const refusal = guarded ?? refuse?.(method ?? "", pathOf(url)) ?? null
      if (refusal === null && pageFiles.answer(request, response)) return
      if (refusal === null && method === "GET" && !hasBody(request)) {
        const startedAt = spans?.now()
        const found = direct.answer(url, headers, log)
        if (found !== null && sendDirect(response, found.response)) {
          if (startedAt !== undefined) spans?.record(request, found, startedAt)
          return
        }
      }
      // Where spans are asked for, the router makes those of a push.
      if (refusal === null && spans === null && pushes.receive(request, response)) return
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
      if (pathOf(url) === "/docs") response.setHeader("content-security-policy", docsPolicy)
      if (refusal === null) return handler(request, response)
      metrics.refused(refusal.slug)
      return sendProblem(request, response, refusal)
    }
    // Most callers of a loopback ask for none: they are not slowed by looking.
    const listener: RequestListener = (request, response) =>
      request.headers["accept-encoding"] === undefined
        ? answer(request, response)
        : compressed(request, response, () => answer(request, response))
    return listener
  })
