/** Has an agent end a background task. The task ends in the rows with the agent's own word. */
import type { EffectRow } from "@threadfold/contracts"
import { Projections } from "@threadfold/projections"
import { Unsupported } from "@threadfold/providers"
import { Effect, Either, Predicate } from "effect"
import { Connections } from "../connections/Connections.js"
import { type Attempted, done } from "./Attempt.js"
import { delivered, endLeased, endPending, failed, lease } from "./conclude.js"
import { failureText, within } from "./deliver.js"

/** `task.stop`. To ask twice does no harm: without an answer it counts as failed, and may be asked again. */
export const attemptTaskStop = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const { threads } = yield* Connections
    const projections = yield* Projections
    const { payload, threadId } = effect
    const taskId = Predicate.isRecord(payload) && typeof payload.taskId === "string" ? payload.taskId : null
    const task = taskId === null ? null : yield* projections.taskRow(taskId)
    if (task === null || task.status === "ended") {
      yield* endPending(effect, { status: "retired", message: "the task is over" })
      return done
    }
    const live = threads.reached(threadId, task.sessionId)
    if (live === null) {
      yield* endPending(effect, { status: "failed", message: "The agent that runs it cannot be reached." })
      return done
    }
    const leased = yield* lease(effect)
    if (leased === null) return done
    const { nativeThreadId, on } = live
    const { nativeTaskId, processId } = task
    const { answerMs } = on.agent.limits
    const cannot = new Unsupported({ provider: on.agent.driver.provider, operation: "stopTask" })
    const call = on.connection.stopTask?.({ nativeThreadId, nativeTaskId, processId }) ?? cannot
    const answer = yield* within(call, answerMs)
    if (answer !== null && Either.isRight(answer)) {
      yield* endLeased(leased, delivered(effect))
      return done
    }
    const message = answer === null ? `the agent did not answer within ${answerMs} ms` : failureText(answer.left)
    yield* endLeased(leased, failed(effect, message))
    return done
  })
