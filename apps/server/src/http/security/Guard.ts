/**
 * The gate before every route, in plain synchronous code: a call that is refused here reaches no handler and no database.
 * The order of the checks matters: Host, then Origin, then the token, then the rate.
 */

import { publicPaths } from "@threadfold/contracts/api"
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
export const isPublic = (path: string): boolean => publicPaths.includes(path) || path.startsWith("/assets/")

const isDecodable = (path: string): boolean => {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** The gate of a server. Returns null for a call that may pass. */
export const makeGuard = (options: GuardOptions): ((facts: RequestFacts) => Refusal | null) => {
  const { now, policy } = options
  const matches = tokenMatcher(options.token)
  const calls = new Bucket(options.callBurst, options.callsPerSecond, now())
  const wrong = new Bucket(options.wrongTokensPerMinute, options.wrongTokensPerMinute / 60, now())

  const authorize = (facts: RequestFacts): Refusal | null => {
    const candidate = bearerOf(facts.authorization)
    if (candidate !== null && matches(candidate)) return null
    if (facts.authorization !== undefined) {
      const taken = wrong.take(now())
      if (!taken.ok) {
        return {
          slug: "too-many-requests",
          detail: "Too many wrong tokens came lately; a right one is still taken.",
          retryAfterS: taken.retryAfterS,
        }
      }
    }
    return {
      slug: "unauthorized",
      detail: facts.authorization === undefined ? "The call carries no token." : "The token is wrong.",
    }
  }

  return (facts) => {
    const [host, ...others] = facts.hosts
    if (host === undefined || others.length > 0 || !policy.hosts.has(host.toLowerCase())) {
      return { slug: "forbidden-host", detail: "The Host header does not name this server." }
    }
    const isOther = otherUiOf(policy, facts.origin) !== null
    if (facts.origin !== undefined && !isOther && !policy.origins.has(facts.origin.toLowerCase())) {
      return { slug: "forbidden-origin", detail: "The Origin header names another site." }
    }
    const path = pathOf(facts.target)
    if (!facts.target.startsWith("/") || !isDecodable(path)) {
      return { slug: "invalid-request", detail: "The request target is not a path." }
    }
    if (!isPublic(path) && !(isOther && facts.isPreflight)) {
      const refused = authorize(facts)
      if (refused !== null) return refused
    }
    const taken = calls.take(now())
    return taken.ok
      ? null
      : { slug: "too-many-requests", detail: "Calls come faster than they are served.", retryAfterS: taken.retryAfterS }
  }
}
