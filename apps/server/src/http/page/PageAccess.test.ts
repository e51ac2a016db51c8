import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import type { PageGrant } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Exit, Layer, TestClock } from "effect"
import { browserKey } from "../../../test/http/support/browserKey.js"
import { temporaryDirectory } from "../../../test/http/support/TestServer.js"
import { HttpLimits } from "../HttpLimits.js"
import { PageAccess, pageLimits } from "./PageAccess.js"
import { mostKeys, pageKeysFile } from "./PageKeys.js"

const serverToken = "t".repeat(43)

/** A server's pages, over a directory. */
const on = (directory: string, token = serverToken) =>
  Layer.provide(PageAccess.layer(directory, token), HttpLimits.layer({ wrongTokensPerMinute: 5 }))

/** A test of one server. */
const withAccess = <A, E>(body: Effect.Effect<A, E, PageAccess>) =>
  Effect.scoped(Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(body, on(directory))))

const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

/** Signs a browser in by a new link. */
const signIn = (label = "Firefox") =>
  Effect.gen(function* () {
    const access = yield* PageAccess
    const key = yield* browserKey
    const { code } = yield* access.newCode
    const grant: PageGrant = yield* access.exchange({ code, publicKey: key.publicKey, label })
    return { ...grant, ...key, code }
  })

/** Signs a browser in again by its key. */
const signInAgain = ({ keyId, sign }: Effect.Effect.Success<ReturnType<typeof signIn>>) =>
  Effect.gen(function* () {
    const access = yield* PageAccess
    const { challenge } = yield* access.challenge(keyId)
    return yield* access.newToken({ keyId, challenge, signature: yield* sign(challenge) })
  })

const slugOf = <A>(effect: Effect.Effect<A, Problem, PageAccess>) =>
  Effect.match(effect, { onFailure: ({ slug }) => slug, onSuccess: () => null })

describe("a code", () => {
  it.effect("lets one page in, also where two come at once", () =>
    withAccess(
      Effect.gen(function* () {
        const { callerOf, exchange, keys, newCode } = yield* PageAccess
        const { publicKey } = yield* browserKey
        const { code } = yield* newCode
        const both = Effect.all(
          ["A", "B"].map((label) => Effect.exit(exchange({ code, publicKey, label }))),
          { concurrency: "unbounded" },
        )
        const granted = (yield* both).filter(Exit.isSuccess)
        expect(granted.length).toBe(1)
        expect(granted[0]?.value.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(callerOf(granted[0]?.value.token ?? "")).not.toBeNull()
        expect((yield* keys).length).toBe(1)
      }),
    ),
  )

  it.effect("is one and the same problem where it was used, has expired, gave way or never was", () =>
    withAccess(
      Effect.gen(function* () {
        const { exchange, newCode } = yield* PageAccess
        const { code: used, publicKey } = yield* signIn()
        const { code: old, expiresAt } = yield* newCode
        expect(expiresAt).toBe(60_000)
        yield* TestClock.adjust("60 seconds")
        const { code: pushed } = yield* newCode
        for (let n = 0; n < pageLimits.codes.inAll; n++) yield* newCode
        const problems = yield* Effect.forEach([used, old, pushed, "", "x".repeat(43)], (code) =>
          Effect.flip(exchange({ code, publicKey, label: "A" })),
        )
        expect(new Set(problems.map(({ slug }) => slug))).toEqual(new Set(["page-code-ended"]))
        expect(new Set(problems.map(({ detail }) => detail)).size).toBe(1)
      }),
    ),
  )

  it.effect("stays for a page that sends no key", () =>
    withAccess(
      Effect.gen(function* () {
        const { exchange, newCode } = yield* PageAccess
        const { publicKey } = yield* browserKey
        const { code } = yield* newCode
        const noKey = exchange({ code, publicKey: { ...publicKey, x: publicKey.y }, label: "A" })
        expect(yield* slugOf(noKey)).toBe("invalid-request")
        expect(yield* slugOf(exchange({ code, publicKey, label: "A" }))).toBeNull()
      }),
    ),
  )

  it.effect("that is right is taken however many wrong ones came", () =>
    withAccess(
      Effect.gen(function* () {
        const { challenge, exchange } = yield* PageAccess
        const browser = yield* signIn()
        const { publicKey } = browser
        const wrong = slugOf(exchange({ code: "x".repeat(43), publicKey, label: "A" }))
        const slugs = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], () => wrong)
        expect(slugs).toEqual([...Array(5).fill("page-code-ended"), ...Array(2).fill("too-many-requests")])
        expect(yield* slugOf(challenge("nothing"))).toBe("too-many-requests")
        yield* signIn()
        yield* signInAgain(browser)
        yield* TestClock.adjust("12 seconds")
        expect([yield* wrong, yield* wrong]).toEqual(["page-code-ended", "too-many-requests"])
      }),
    ),
  )
})

describe("a key", () => {
  it.effect("gets a token for each challenge that it signs, once and in time", () =>
    withAccess(
      Effect.gen(function* () {
        const { callerOf, challenge, newToken } = yield* PageAccess
        const browser = yield* signIn()
        const other = yield* signIn("Other")
        const { keyId, sign } = browser
        expect(callerOf((yield* signInAgain(browser)).token)).not.toBeNull()

        const given = yield* challenge(keyId)
        const signature = yield* sign(given.challenge)
        const proof = { keyId, challenge: given.challenge, signature }
        expect(yield* slugOf(newToken(proof))).toBeNull()
        expect(yield* slugOf(newToken(proof))).toBe("page-proof-wrong")

        const late = yield* challenge(keyId)
        const lateProof = { keyId, challenge: late.challenge, signature: yield* sign(late.challenge) }
        yield* TestClock.adjust("60 seconds")
        expect(yield* slugOf(newToken(lateProof))).toBe("page-proof-wrong")

        const forOther = yield* challenge(other.keyId)
        const foreign = { keyId, challenge: forOther.challenge, signature: yield* sign(forOther.challenge) }
        expect(yield* slugOf(newToken(foreign))).toBe("page-proof-wrong")

        const signedByOther = yield* challenge(keyId)
        const wrongKey = yield* other.sign(signedByOther.challenge)
        const forged = { keyId, challenge: signedByOther.challenge, signature: wrongKey }
        expect(yield* slugOf(newToken(forged))).toBe("page-proof-wrong")
        // A challenge that a wrong proof was given for is used up.
        const after = { ...forged, signature: yield* sign(signedByOther.challenge) }
        expect(yield* slugOf(newToken(after))).toBe("page-proof-wrong")
        expect(yield* slugOf(newToken({ ...forged, keyId: "nothing" }))).toBe("page-key-unknown")
      }),
    ),
  )

  it.effect("has one id however often its link is opened, and so many tokens at a time", () =>
    withAccess(
      Effect.gen(function* () {
        const { callerOf, exchange, keys, newCode } = yield* PageAccess
        const { keyId, publicKey, token } = yield* signIn("Before")
        yield* TestClock.adjust("10 seconds")
        const again = yield* exchange({ code: (yield* newCode).code, publicKey, label: "After" })
        expect(again.keyId).toBe(keyId)
        expect(yield* keys).toEqual([{ keyId, label: "After", createdAt: 0, lastUsedAt: 10_000 }])
        for (let n = 2; n < pageLimits.tokens.perOwner; n++) {
          yield* exchange({ code: (yield* newCode).code, publicKey, label: "After" })
        }
        expect(callerOf(token)).not.toBeNull()
        yield* exchange({ code: (yield* newCode).code, publicKey, label: "After" })
        expect([callerOf(token), callerOf(again.token) === null]).toEqual([null, false])
      }),
    ),
  )

  it.effect("that is revoked takes its tokens and what runs with them along, but for the call that asks", () =>
    withAccess(
      Effect.gen(function* () {
        const { callerOf, challenge, keys, revoke } = yield* PageAccess
        const mine = yield* signIn("Mine")
        const other = yield* signIn("Other")
        const [stream, asking, foreign] = [response(), response(), response()]
        callerOf(mine.token)?.answers.add(stream).add(asking)
        callerOf(other.token)?.answers.add(foreign)
        yield* revoke(mine.keyId, asking)
        expect([stream, asking, foreign].map(({ destroyed }) => destroyed)).toEqual([true, false, false])
        expect([callerOf(mine.token), callerOf(other.token) === null]).toEqual([null, false])
        expect(yield* slugOf(challenge(mine.keyId))).toBe("page-key-unknown")
        expect(yield* slugOf(revoke(mine.keyId, asking))).toBe("page-key-unknown")
        expect((yield* keys).map(({ label }) => label)).toEqual(["Other"])
      }),
    ),
  )

  it.effect("that was not used for longest gives way, with its tokens", () =>
    withAccess(
      Effect.gen(function* () {
        const { callerOf, keys } = yield* PageAccess
        const first = yield* signIn("first")
        const second = yield* signIn("second")
        for (let n = 2; n < mostKeys; n++) {
          yield* TestClock.adjust("1 seconds")
          yield* signIn(`browser ${n}`)
        }
        yield* signInAgain(first)
        yield* signIn("one more")
        expect([callerOf(first.token) === null, callerOf(second.token)]).toEqual([false, null])
        const labels = (yield* keys).map(({ label }) => label)
        expect([labels.length, labels.includes("first"), labels.includes("second")]).toEqual([mostKeys, true, false])
      }),
    ),
  )
})

describe("the file of the keys", () => {
  it.scoped("is its owner's alone, holds no secret, and outlives the server, but not its token", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = pageKeysFile(directory)
      const browser = yield* Effect.provide(signIn(), on(directory))
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const text = readFileSync(file, "utf8")
      for (const secret of [browser.code, browser.token, serverToken]) expect(text).not.toContain(secret)

      const again = yield* Effect.provide(Effect.either(signInAgain(browser)), on(directory))
      expect(again._tag).toBe("Right")
      const old = Effect.map(PageAccess, ({ callerOf }) => callerOf(browser.token))
      expect(yield* Effect.provide(old, on(directory))).toBeNull()

      const other = on(directory, "u".repeat(43))
      expect(yield* Effect.provide(slugOf(signInAgain(browser)), other)).toBe("page-key-unknown")
      yield* Effect.provide(signIn("Under the new token"), other)
      expect(yield* Effect.provide(slugOf(signInAgain(browser)), on(directory))).toBe("page-key-unknown")
    }),
  )

  it.scoped("is not used where others could change it or it holds no keys, and a new one takes its place", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = pageKeysFile(directory)
      const browser = yield* Effect.provide(signIn(), on(directory))
      const text = readFileSync(file, "utf8")
      for (const [held, mode] of [
        [text, 0o620],
        [text, 0o644],
        [text.slice(0, -9), 0o600],
        ["", 0o600],
      ] as const) {
        rmSync(file)
        writeFileSync(file, held, { mode })
        // The umask took what others were to be given.
        chmodSync(file, mode)
        expect([mode, yield* Effect.provide(slugOf(signInAgain(browser)), on(directory))]).toEqual([
          mode,
          "page-key-unknown",
        ])
      }
      yield* Effect.provide(signIn(), on(directory))
      expect(statSync(file).mode & 0o777).toBe(0o600)
    }),
  )

  it.scoped("that cannot be written lets no new key in, and keeps none that was revoked", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = pageKeysFile(directory)
      const flow = Effect.gen(function* () {
        const { callerOf, keys, revoke } = yield* PageAccess
        const { keyId, token } = yield* signIn()
        rmSync(file)
        mkdirSync(file)
        expect(yield* slugOf(signIn("Too late"))).toBe("storage-failed")
        expect((yield* keys).length).toBe(1)
        expect(yield* slugOf(revoke(keyId, response()))).toBe("storage-failed")
        expect([callerOf(token), yield* keys]).toEqual([null, []])
      })
      yield* Effect.provide(flow, on(directory))
    }),
  )
})
