/** Handoffs of direct conversations: each becomes work of the thread (`delegation.route`), and its outcome is given back once. */
import { maxHandoffText } from "@threadfold/contracts"
import { handoffOutcome, mintId } from "@threadfold/core"
import { Engine, sha256 } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import type { VoiceWord } from "@threadfold/providers"
import { Clock, Effect, FiberSet, type Scope } from "effect"
import { Ids } from "../Ids.js"
import { untilTaken, upkeep } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"
import type { LiveVoice } from "./LiveVoice.js"
import { readContext } from "./voiceContext.js"
import { runDraft, textIn } from "./voiceDrafts.js"

export interface VoiceHandoffs {
  /** Has a handoff of a run carried into a turn. One that cannot be is reported as not begun. */
  readonly route: (run: LiveVoice, word: VoiceWord) => Effect.Effect<void>
  /** Gives back the outcomes of a run's handoffs that are over. Derived from the rows every time. */
  readonly look: (run: LiveVoice) => Effect.Effect<void>
  /** Handoffs of earlier runs whose outcome no conversation was told: this one has them in its context, and is told. */
  readonly adopt: (run: LiveVoice) => Effect.Effect<void>
}

/** What is under way of it ends with the scope. */
export const makeVoiceHandoffs: Effect.Effect<VoiceHandoffs, never, Engine | Projections | Scope.Scope | Wakeups> =
  Effect.gen(function* () {
    const engine = yield* Engine
    const ids = yield* Ids
    const projections = yield* Projections
    const wakeups = yield* Wakeups
    const fibers = yield* FiberSet.make()

    /** Logs an outcome, then gives it back: a link that comes up again has it from the log, so that it is there once. */
    const report = (run: LiveVoice, handoffId: string, delegationId: string, text: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        const item = { type: "function_call_output", call_id: handoffId, output: text }
        const event = { type: "realtime.item-added", payload: { kind: item.type, item }, native: { handoffId } }
        // The same id for the same outcome, so that no second one of it is ever stored.
        const eventId = mintId(sha256, 0, `${delegationId}|outcome`)
        const draft = runDraft(run, event, "orchestrator", at, eventId)
        const { results } = yield* untilTaken(engine.submit({ drafts: [draft] }))
        const link = run.link()
        if (results[0]?.status === "appended" && link !== null) yield* link.report(handoffId, text)
      }).pipe(
        Effect.catchAll((problem) =>
          Effect.logDebug(`the outcome of handoff ${handoffId} goes with the next connection of its run`, problem),
        ),
      )

    /** A link that is down takes it when it is up again, and that waits for all that was heard. So what hears must not wait. */
    const beside = (reporting: Effect.Effect<void>): Effect.Effect<void> =>
      Effect.asVoid(FiberSet.run(fibers, reporting))

    const look: VoiceHandoffs["look"] = (run) =>
      Effect.suspend(() => {
        if (run.handoffs.size === 0) return Effect.void
        return Effect.forEach(
          [...run.handoffs],
          ([handoffId, delegationId]) =>
            Effect.gen(function* () {
              const work = yield* projections.handoffWork(delegationId)
              const text = work === null ? null : handoffOutcome(work.delegation, work.turn, work.lastWords)
              // It is taken out of the map by what gives it back, so that it is given back once.
              if (text !== null && run.handoffs.delete(handoffId)) {
                yield* beside(report(run, handoffId, delegationId, text))
              }
            }),
          { discard: true },
        ).pipe(
          Effect.catchAll((problem) => Effect.logWarning(`handoffs of thread ${run.threadId} were not read`, problem)),
        )
      })

    const route: VoiceHandoffs["route"] = (run, word) =>
      Effect.gen(function* () {
        const { realtimeId, threadId } = run
        const handoffId = word.native?.handoffId
        const text = textIn(word, "text") ?? ""
        if (handoffId === undefined || run.handoffs.has(handoffId)) return
        const at = yield* Clock.currentTimeMillis
        const delegationId = ids.next(at)
        if (text.length > maxHandoffText) {
          const why = `What was asked for is longer than ${maxHandoffText} characters.`
          return yield* beside(report(run, handoffId, delegationId, `The work was not begun. ${why}`))
        }
        run.handoffs.set(handoffId, delegationId)
        const routed = upkeep({
          type: "delegation.route",
          threadId,
          realtimeId,
          delegationId,
          nativeHandoffId: handoffId,
          text: text === "" ? "(The voice asked for work and did not say which.)" : text,
        })
        yield* Effect.matchEffect(Effect.provideService(untilTaken(routed), Engine, engine), {
          onSuccess: () => wakeups.wake(threadId),
          onFailure: ({ message }) => {
            run.handoffs.delete(handoffId)
            return beside(report(run, handoffId, delegationId, `The work was not begun. ${message}`))
          },
        })
      })

    const adopt: VoiceHandoffs["adopt"] = (run) =>
      Effect.gen(function* () {
        const entries = yield* readContext(engine.log, run.threadId)
        const told = new Set(entries.flatMap((entry) => (entry.kind === "outcome" ? [entry.handoffId] : [])))
        for (const entry of entries) {
          if (entry.kind !== "handoff" || entry.delegationId === undefined || told.has(entry.handoffId)) continue
          run.handoffs.set(entry.handoffId, entry.delegationId)
        }
        yield* look(run)
      }).pipe(Effect.catchAll((problem) => Effect.logWarning("earlier handoffs were not read", problem)))

    return { route, look, adopt }
  })
