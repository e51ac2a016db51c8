import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { Bucket } from "./Bucket.js"
import { makeGuard, type RequestFacts } from "./Guard.js"
import { hostPolicy, isLoopback } from "./Hosts.js"
import { bearerOf, tokenMatcher } from "./Token.js"

const token = "t".repeat(43)
const good: RequestFacts = {
  target: "/v1/threads",
  hosts: ["127.0.0.1:7420"],
  origin: undefined,
  authorization: `Bearer ${token}`,
  isPreflight: false,
  isVisit: false,
}

const pageToken = "p".repeat(43)
const page = { answers: new Set<never>() }

const gateAt = (clock: { now: number }) =>
  makeGuard({
    token,
    pageOf: (candidate) => (candidate === pageToken ? page : null),
    policy: hostPolicy(7420, "127.0.0.1", [], ["app://desk"]),
    callsPerSecond: 10,
    callBurst: 5,
    wrongTokensPerMinute: 60,
    now: () => clock.now,
  })

const guardAt = (clock: { now: number }) => {
  const gate = gateAt(clock)
  return (facts: RequestFacts) => gate(facts).refusal
}

describe("the gate", () => {
  it("lets nobody in but who says the token", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(bearerOf(text) !== token && bearerOf(text) !== pageToken)
        expect(guardAt({ now: 0 })({ ...good, authorization: text })).not.toBeNull()
      }),
    )
    expect(guardAt({ now: 0 })(good)).toBeNull()
  })

  it("lets nobody in under another name or from another site, public page or not", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("/", "/livez", "/v1/threads"),
        fc.domain(),
        fc.nat({ max: 65_535 }),
        (target, name, port) => {
          const guard = guardAt({ now: 0 })
          expect(guard({ ...good, target, hosts: [`${name}:${port}`] })?.slug).toBe("forbidden-host")
          expect(guard({ ...good, target, origin: `http://${name}:${port}` })?.slug).toBe("forbidden-origin")
        },
      ),
    )
  })

  it("looks at the name before all else, and at the token before it counts", () => {
    const guard = guardAt({ now: 0 })
    const none = { ...good, authorization: undefined }
    expect(guard({ ...none, hosts: ["evil:7420"], origin: "http://evil" })?.slug).toBe("forbidden-host")
    expect(guard({ ...none, origin: "http://evil" })?.slug).toBe("forbidden-origin")
    for (let n = 0; n < 20; n++) expect(guard(none)?.slug).toBe("unauthorized")
    for (let n = 0; n < 5; n++) expect(guard(good)).toBeNull()
    expect(guard(good)).toMatchObject({ slug: "too-many-requests", retryAfterS: 1 })
  })

  it("slows down who guesses, and never who knows", () => {
    const clock = { now: 0 }
    const guard = guardAt(clock)
    const wrong = { ...good, authorization: "Bearer wrong" }
    const slugs = Array.from({ length: 100 }, () => guard(wrong)?.slug)
    expect(slugs.filter((slug) => slug === "unauthorized").length).toBe(60)
    expect(guard(good)).toBeNull()
    clock.now = 10_000
    expect(Array.from({ length: 100 }, () => guard(wrong)?.slug).filter((slug) => slug === "unauthorized").length).toBe(
      10,
    )
  })
})

describe("the gate and pages", () => {
  it("knows who calls with which token", () => {
    const verdict = (facts: Partial<RequestFacts>) => gateAt({ now: 0 })({ ...good, ...facts })
    expect(verdict({})).toEqual({ refusal: null, isKnown: true, page: null })
    expect(verdict({ authorization: `Bearer ${pageToken}` })).toEqual({ refusal: null, isKnown: true, page })
    expect(verdict({ target: "/", authorization: undefined })).toEqual({ refusal: null, isKnown: false, page: null })
    expect(verdict({ authorization: "Bearer wrong" })).toMatchObject({ isKnown: false, page: null })
  })

  it("shows the page's addresses to a browser without a token, and nothing else", () => {
    const visit = (target: string) =>
      guardAt({ now: 0 })({ ...good, target, authorization: undefined, isVisit: true })?.slug ?? null
    for (const target of ["/", "/threads", "/threads/01a1f87e?at=4", "/inbox", "/v2", "/docsy"]) {
      expect([target, visit(target)]).toEqual([target, null])
    }
    for (const target of ["/v1", "/v1/threads", "/v1/page/keys?x", "/readyz", "/metrics", "/metrics/x"]) {
      expect([target, visit(target)]).toEqual([target, "unauthorized"])
    }
    expect(guardAt({ now: 0 })({ ...good, target: "/threads", authorization: undefined })?.slug).toBe("unauthorized")
  })

  it("lets a page sign in from the server's own origin, and from no other", () => {
    const signIn = (origin: string | undefined) =>
      guardAt({ now: 0 })({ ...good, target: "/v1/page/exchange", authorization: undefined, origin })?.slug ?? null
    expect(["http://127.0.0.1:7420", "http://localhost:7420"].map(signIn)).toEqual([null, null])
    expect([undefined, "null", "http://127.0.0.1:7421", "app://desk"].map(signIn)).toEqual(
      Array(4).fill("forbidden-origin"),
    )
  })
})

describe("its parts", () => {
  it("compares tokens as wholes", () => {
    const matches = tokenMatcher("abc")
    expect(["abc", "ab", "abcd", "", "abC"].map(matches)).toEqual([true, false, false, false, false])
    expect(["Bearer a", "bearer  a ", "Basic a", "Bearer", "a", undefined].map(bearerOf)).toEqual([
      "a",
      "a",
      null,
      null,
      null,
      null,
    ])
  })

  it("knows the addresses that only this machine reaches", () => {
    expect(["127.0.0.1", "127.9.9.9", "localhost", "::1"].map(isLoopback)).toEqual([true, true, true, true])
    expect(["0.0.0.0", "::", "128.0.0.1", "127.0.0.1.evil.example", "localhost.evil"].map(isLoopback)).toEqual(
      Array(5).fill(false),
    )
  })

  it("gives out no more than burst and rate allow, whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2_000, max: 2_000 }), { maxLength: 200 }), (steps) => {
        const bucket = new Bucket(5, 2, 0)
        let now = 0
        let forward = 0
        let taken = 0
        for (const step of steps) {
          now += step
          forward += Math.max(0, step)
          const result = bucket.take(now)
          if (result.ok) taken += 1
          else expect(result.retryAfterS).toBeGreaterThanOrEqual(1)
        }
        expect(taken).toBeLessThanOrEqual(5 + (forward / 1_000) * 2)
      }),
    )
  })
})
