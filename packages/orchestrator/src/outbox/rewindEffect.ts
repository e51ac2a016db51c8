/** `thread.rewind`: the agent takes the newest turns of its conversation back. */
import type { EffectRow } from "@threadfold/contracts"
import { changesConversation, type ThreadWork } from "@threadfold/core"
import { WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { type ProviderFailure, type RestoredFiles, type Rewound, Unsupported } from "@threadfold/providers"
import { Effect, Either, Option, Predicate } from "effect"
import { Connections } from "../connections/Connections.js"
import type { LiveThread } from "../connections/LiveThreads.js"
import type { StartError, WorkError } from "../Errors.js"
import { Wakeups } from "../Wakeups.js"
import { type Attempted, type AttemptNeeds, done, waits } from "./Attempt.js"
import { delivered, type Ending, endLeased, endPending, failed, lease, outcome, uncertain } from "./conclude.js"
import { failureText, within } from "./deliver.js"
import { ensureSession, type Opening } from "./ensureSession.js"
import { SessionStarts } from "./SessionStarts.js"

/** What the command asks for, as `decide` wrote it. */
const askedOf = ({ payload }: EffectRow): { readonly turns: number; readonly files: boolean } => ({
  turns: Predicate.isRecord(payload) && typeof payload.turns === "number" ? payload.turns : 1,
  files: Predicate.isRecord(payload) && payload.files === true,
})

/** What became of the files, in a sentence. */
const filesText = ({ paths, skipped }: RestoredFiles): string =>
  `${paths.length} files were changed back${skipped === 0 ? "" : `, ${skipped} were left as they are`}.`

const rewound = (effect: EffectRow, { files }: Rewound): Ending => {
  if (files === null) return delivered(effect)
  const message = filesText(files)
  return { status: "delivered", message, events: [outcome("effect.delivered", effect, message, { data: { files } })] }
}

/** Has the agent do it. Null: no answer came in time. */
const ask = (
  effect: EffectRow,
  live: LiveThread,
  nativeTurnId: string | null,
): Effect.Effect<Either.Either<Rewound, ProviderFailure> | null> => {
  const { agent, connection } = live.on
  const { rewind } = connection
  if (rewind === undefined || effect.turnId === null) {
    return Effect.succeed(Either.left(new Unsupported({ provider: agent.driver.provider, operation: "rewind" })))
  }
  const call = rewind({
    nativeThreadId: live.nativeThreadId,
    turnId: effect.turnId,
    nativeTurnId,
    ...askedOf(effect),
  })
  return within(call, agent.limits.answerMs)
}

/** The session of the thread, live. None: its start was called off. */
const opened = (
  work: ThreadWork,
  opening: Opening = {},
): Effect.Effect<Either.Either<Option.Option<LiveThread>, StartError>, WorkError, AttemptNeeds> =>
  Effect.flatMap(SessionStarts, (starts) =>
    Effect.either(starts.run(work.thread.threadId, ensureSession(work, opening))),
  )

export const attemptRewind = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const projections = yield* Projections
    const reads = yield* WorkReads
    const wakeups = yield* Wakeups
    const { threadId, turnId } = effect
    const work = yield* projections.threadWork(threadId)
    const eligibility = changesConversation(work, yield* reads.openEffects(threadId))
    if (eligibility === "later") return waits
    const turn = turnId === null ? null : yield* projections.turnRow(turnId)
    if (work === null || eligibility === "never" || turn === null) {
      yield* endPending(effect, { status: "retired", message: "the thread is gone" })
      return done
    }
    const first = yield* opened(work)
    if (Either.isLeft(first)) {
      yield* endPending(effect, failed(effect, first.left.message))
      return done
    }
    if (Option.isNone(first.right)) {
      yield* endPending(effect, { status: "retired", message: "it was stopped" })
      return done
    }
    const live = first.right.value
    const leased = yield* lease(effect)
    if (leased === null) return done
    const answer = yield* ask(leased.effect, live, turn.nativeTurnId)
    if (answer === null || (Either.isLeft(answer) && answer.left._tag === "TimedOut")) {
      const message = `no answer within ${live.on.agent.limits.answerMs} ms`
      yield* endLeased(leased, uncertain(effect, message))
    } else if (Either.isLeft(answer)) {
      yield* endLeased(leased, failed(effect, failureText(answer.left)))
    } else if (answer.right.reopen) {
      yield* connections.closeThread(live)
      const now = yield* projections.threadWork(threadId)
      const again = now === null ? Either.right(Option.none<LiveThread>()) : yield* opened(now, { rewind: turn.turnId })
      const { files } = answer.right
      const restored = files === null ? "" : ` ${filesText(files)}`
      yield* endLeased(
        leased,
        Either.isLeft(again)
          ? failed(effect, `${again.left.message}${restored}`)
          : Option.isNone(again.right)
            ? failed(effect, `It was stopped before the conversation was opened again.${restored}`)
            : rewound(effect, answer.right),
      )
    } else {
      yield* endLeased(leased, rewound(effect, answer.right))
    }
    yield* wakeups.wake(threadId)
    return done
  })
