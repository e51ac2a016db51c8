/**
 * The gate before every route, in plain synchronous code: a call that is refused here reaches no handler and no database.
 * The order of the checks matters: Host, then Origin, then the token, then the rate.
 */

import type { ServerResponse } from "node:http"
import { publicPaths, signInPaths } from "@threadfold/contracts/api"
import type { ProblemSlug } from "@threadfold/contracts/problem"
import { Bucket } from "./Bucket.js"
import { type HostPolicy, otherUiOf } from "./Hosts.js"
import { bearerOf, tokenMatcher } from "./Token.js"

/** What the gate looks at. */
export interface RequestFacts {
  /** The request target as it was sent. */
  readonly target: string
  /** Values of every `Host` header, in order. */
  readonly hosts: readonly string[]
  readonly origin: string | undefined
  readonly authorization: string | undefined
  /** True: it only asks whether another call may be sent, and carries no token. */
  readonly isPreflight: boolean
  /** True: a browser asks for a document, to show it. */
  readonly isVisit: boolean
}

/** A page that calls with a token of its own: the answers that are under way with this token. */
export interface PageCaller {
  readonly answers: Set<ServerResponse>
}

/** What the gate says of a call. */
export interface Verdict {
  /** Why it is refused; null: it may pass. */
  readonly refusal: Refusal | null
  /** True: the caller has shown a token that is right. */
  readonly isKnown: boolean
  /** The page that calls; null: the caller is none, or has not shown a page's token. */
  readonly page: PageCaller | null
}

/** Why a call is refused. */
export interface Refusal {
  readonly slug: ProblemSlug
  readonly detail: string
  /** After how many seconds it may be tried again. */
  readonly retryAfterS?: number
}

export interface GuardOptions {
  readonly token: string
  /** The page that has this token, or null. */
  readonly pageOf: (candidate: string) => PageCaller | null
  readonly policy: HostPolicy
  readonly callsPerSecond: number
  readonly callBurst: number
  readonly wrongTokensPerMinute: number
  /** Our clock, ms. */
  readonly now: () => number
}

/** The path of a target, without its query. */
export const pathOf = (target: string): string => target.split("?", 1)[0] ?? ""

/** Whether a path needs no token. Compared as it was sent: nothing is decoded or tidied up before. */
const isPublic = (path: string): boolean => publicPaths.includes(path) || path.startsWith("/assets/")

/** What is no address of the web page, whatever a browser wants to see there. */
const reserved = /^\/(?:v1|docs|openapi\.json|livez|readyz|metrics|assets)(?:\/|$)/

/** Whether a browser's visit shows the web page here: it is one document for all of its addresses, and says nothing of the data. */
export const isPageAddress = (path: string): boolean => path.startsWith("/") && !reserved.test(path)

const isDecodable = (path: string): boolean => {
  if (!path.includes("%")) return true
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

const refused = (refusal: Refusal): Verdict => ({ refusal, isKnown: false, page: null })
const open: Verdict = { refusal: null, isKnown: false, page: null }
const own: Verdict = { refusal: null, isKnown: true, page: null }

/** The gate of a server. */
export const makeGuard = (options: GuardOptions): ((facts: RequestFacts) => Verdict) => {
  const { now, pageOf, policy } = options
  const matches = tokenMatcher(options.token)
  const calls = new Bucket(options.callBurst, options.callsPerSecond, now())
  const wrong = new Bucket(options.wrongTokensPerMinute, options.wrongTokensPerMinute / 60, now())

  const authorize = (facts: RequestFacts): Verdict => {
    const candidate = bearerOf(facts.authorization)
    if (candidate !== null) {
      // A wrong one is always compared with both kinds.
      if (matches(candidate)) return own
      const page = pageOf(candidate)
      if (page !== null) return { ...own, page }
    }
    if (facts.authorization !== undefined) {
      const taken = wrong.take(now())
      if (!taken.ok) {
        return refused({
          slug: "too-many-requests",
          detail: "Too many wrong tokens came lately; a right one is still taken.",
          retryAfterS: taken.retryAfterS,
        })
      }
    }
    return refused({
      slug: "unauthorized",
      detail: facts.authorization === undefined ? "The call carries no token." : "The token is wrong.",
    })
  }

  return (facts) => {
    const [host, ...others] = facts.hosts
    if (host === undefined || others.length > 0 || !policy.hosts.has(host.toLowerCase())) {
      return refused({ slug: "forbidden-host", detail: "The Host header does not name this server." })
    }
    const { origin } = facts
    const isOther = otherUiOf(policy, origin) !== null
    const isOwn = origin !== undefined && policy.origins.has(origin.toLowerCase())
    if (origin !== undefined && !isOther && !isOwn) {
      return refused({ slug: "forbidden-origin", detail: "The Origin header names another site." })
    }
    const path = pathOf(facts.target)
    if (!facts.target.startsWith("/") || !isDecodable(path)) {
      return refused({ slug: "invalid-request", detail: "The request target is not a path." })
    }
    const asks = isOther && facts.isPreflight
    if (signInPaths.includes(path) && !isOwn && !asks) {
      return refused({ slug: "forbidden-origin", detail: "Only the server's own page signs in here." })
    }
    const isOpen = isPublic(path) || asks || (facts.isVisit && isPageAddress(path))
    const verdict = isOpen ? open : authorize(facts)
    if (verdict.refusal !== null) return verdict
    const taken = calls.take(now())
    return taken.ok
      ? verdict
      : refused({
          slug: "too-many-requests",
          detail: "Calls come faster than they are served.",
          retryAfterS: taken.retryAfterS,
        })
  }
}
