/**
 * Who of the web pages may call. A link's code lets a page in once; its browser's key gets it a new token after each reload, without a
 * link. Codes, challenges and tokens are in memory alone; keys are in the data directory.
 */
import type { ServerResponse } from "node:http"
import type {
  PageChallenge,
  PageCode,
  PageExchangeBody,
  PageGrant,
  PageKey,
  PageToken,
  PageTokenBody,
} from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Clock, Context, Effect, Layer } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Bucket } from "../security/Bucket.js"
import type { PageCaller } from "../security/Guard.js"
import { type HeldLimits, HeldSecrets } from "./HeldSecrets.js"
import { hasSigned, isPoint, openPageKeys } from "./PageKeys.js"

/** Every bound of the secrets that pages are given. */
export const pageLimits = {
  codes: { perOwner: 32, inAll: 32, lifeMs: 60_000 },
  challenges: { perOwner: 16, inAll: 256, lifeMs: 60_000 },
  tokens: { perOwner: 32, inAll: 256, lifeMs: null },
} as const satisfies Readonly<Record<string, HeldLimits>>

export interface PageAccessService {
  /** A code for a link. */
  readonly newCode: Effect.Effect<PageCode>
  /** Fails with `page-code-ended`, and with `invalid-request` for a key that is none. */
  readonly exchange: (body: PageExchangeBody) => Effect.Effect<PageGrant, Problem>
  /** Fails with `page-key-unknown`. */
  readonly challenge: (keyId: string) => Effect.Effect<PageChallenge, Problem>
  /** Fails with `page-key-unknown` and `page-proof-wrong`. */
  readonly newToken: (body: PageTokenBody) => Effect.Effect<PageToken, Problem>
  /** The keys, the newest first. */
  readonly keys: Effect.Effect<readonly PageKey[]>
  /**
   * Revokes a key, and ends its tokens and what is under way with them. Fails with `page-key-unknown`.
   *
   * @param asking the answer to the call that asks for it: it goes out
   */
  readonly revoke: (keyId: string, asking: ServerResponse) => Effect.Effect<void, Problem>
  /** Who calls with this token; null: it is none of a page. */
  readonly callerOf: (candidate: string) => PageCaller | null
}

const codeEnded = new Problem({
  slug: "page-code-ended",
  detail: "The code was used, has expired, or was never given out.",
})

const proofWrong = new Problem({
  slug: "page-proof-wrong",
  detail: "The challenge was used, has expired or is not this key's, or the signature is not that of this key.",
})

const keyUnknown = new Problem({ slug: "page-key-unknown", detail: "No page has a key of this id." })

/** All codes have one owner: the person who opens the links. */
const everyone = ""

const make = (dataDir: string, token: string) =>
  Effect.gen(function* () {
    const { wrongTokensPerMinute } = yield* HttpLimits
    const keys = yield* openPageKeys(dataDir, token)
    const clock = yield* Clock.clockWith(Effect.succeed)
    const now = () => clock.unsafeCurrentTimeMillis()
    const codes = new HeldSecrets<null>(pageLimits.codes)
    const challenges = new HeldSecrets<null>(pageLimits.challenges)
    const tokens = new HeldSecrets<PageCaller>(pageLimits.tokens, ({ value: { answers } }) => {
      for (const answer of [...answers]) answer.destroy()
    })
    const wrong = new Bucket(wrongTokensPerMinute, wrongTokensPerMinute / 60, now())

    /** Refuses what is wrong. Who guesses is slowed down; what is right never comes here. */
    const refuse = (problem: Problem): Problem =>
      wrong.take(now()).ok
        ? problem
        : new Problem({
            slug: "too-many-requests",
            detail: "Too many wrong codes, keys or proofs came lately; a right one is still taken.",
          })

    const giveToken = (keyId: string): string => tokens.add(keyId, { answers: new Set() }, now()).secret

    const end = (keyId: string): void => {
      challenges.endOf(keyId)
      tokens.endOf(keyId)
    }

    return {
      newCode: Effect.sync(() => {
        const { expiresAt, secret } = codes.add(everyone, null, now())
        return { code: secret, expiresAt }
      }),

      exchange: ({ code, label, publicKey }: PageExchangeBody) =>
        Effect.gen(function* () {
          // Before the code is taken: a page that sends no key has not used its link up.
          if (!isPoint(publicKey)) {
            return yield* new Problem({ slug: "invalid-request", detail: "body, publicKey: it is no point of P-256." })
          }
          if (codes.take(code, now()) === null) return yield* refuse(codeEnded)
          const { ended, keyId } = yield* keys.keep(publicKey, label, now())
          if (ended !== null) end(ended)
          return { token: giveToken(keyId), keyId }
        }),

      challenge: (keyId: string) =>
        Effect.suspend(() => {
          if (keys.find(keyId) === null) return refuse(keyUnknown)
          const { expiresAt, secret } = challenges.add(keyId, null, now())
          return Effect.succeed({ challenge: secret, expiresAt })
        }),

      newToken: ({ challenge, keyId, signature }: PageTokenBody) =>
        Effect.gen(function* () {
          const key = keys.find(keyId)
          const given = challenges.take(challenge, now())
          if (key === null) return yield* refuse(keyUnknown)
          if (given?.owner !== keyId || !hasSigned(key, challenge, signature)) return yield* refuse(proofWrong)
          // The time of its use is worth less than the page: a full disk keeps no person out.
          yield* Effect.catchAll(keys.used(keyId, now()), (problem) =>
            Effect.logWarning(`the use of a page's key was not noted: ${problem.detail}`),
          )
          return { token: giveToken(keyId) }
        }),

      keys: Effect.sync(() =>
        keys
          .all()
          .map(({ createdAt, keyId, label, lastUsedAt }) => ({ keyId, label, createdAt, lastUsedAt }))
          .sort((a, b) => b.createdAt - a.createdAt),
      ),

      revoke: (keyId: string, asking: ServerResponse) =>
        Effect.suspend(() => {
          if (keys.find(keyId) === null) return keyUnknown
          return Effect.ensuring(
            keys.remove(keyId),
            Effect.sync(() => {
              for (const { answers } of tokens.valuesOf(keyId)) answers.delete(asking)
              end(keyId)
            }),
          )
        }),

      callerOf: (candidate: string) => tokens.find(candidate, now())?.value ?? null,
    } satisfies PageAccessService
  })

/** The pages that may call. */
export class PageAccess extends Context.Tag("@threadfold/server/PageAccess")<PageAccess, PageAccessService>() {
  /**
   * The pages of a server.
   *
   * @param dataDir where their keys are kept
   * @param token the server's own, which the keys are bound to
   */
  static readonly layer = (dataDir: string, token: string): Layer.Layer<PageAccess, never, HttpLimits> =>
    Layer.effect(PageAccess, make(dataDir, token))
}
