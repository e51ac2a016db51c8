/**
 * The cause of an event. `causationId` names the effect that it reports or answers, else the command that it follows from;
 * `correlationId` names the first command of the chain.
 */
import type { EffectKind, EffectRow, EventEnvelope, EventType } from "@threadfold/contracts"
import type { EventDraft, Submission } from "../Submission.js"
import type { EffectSubject, WorkStore } from "../work/index.js"

/** The two columns of an envelope. */
export type Cause = Pick<EventEnvelope, "causationId" | "correlationId">

export const uncaused: Cause = { causationId: null, correlationId: null }

const byEffect = ({ commandId, effectId }: EffectRow): Cause => ({ causationId: effectId, correlationId: commandId })

/** Which kinds of calls an event may answer, and how the call is found. The first kind that is found counts. */
interface Answers {
  readonly by: EffectSubject
  readonly kinds: readonly EffectKind[]
}

const answersOf: { readonly [T in EventType]?: Answers } = {
  "turn.accepted": { by: "turn", kinds: ["turn.start"] },
  "turn.started": { by: "turn", kinds: ["turn.start"] },
  "turn.start-failed": { by: "turn", kinds: ["turn.start"] },
  "turn.completed": { by: "turn", kinds: ["turn.interrupt", "turn.start"] },
  "turn.aborted": { by: "turn", kinds: ["turn.interrupt", "turn.start"] },
  "request.resolved": { by: "request", kinds: ["request.answer"] },
  "user-input.resolved": { by: "request", kinds: ["request.answer"] },
  "session.started": { by: "thread", kinds: ["session.start", "turn.start"] },
  "session.exited": { by: "thread", kinds: ["session.stop"] },
}

const answers: ReadonlyMap<string, Answers> = new Map(Object.entries(answersOf))

export class Causes {
  constructor(private readonly work: Pick<WorkStore, "effect" | "latestEffect">) {}

  /** The cause of our own events: the effect whose step is in the same submission. */
  ofSubmission({ effects = [] }: Submission): Cause {
    const [step] = effects
    const effect = step === undefined ? null : this.work.effect(step.effectId)
    return effect === null ? uncaused : byEffect(effect)
  }

  /** The cause of one draft: its command, else the cause of its submission. */
  ofDraft({ carriesOn, commandId }: EventDraft, submission: Cause): Cause {
    return commandId === undefined ? submission : { causationId: commandId, correlationId: carriesOn ?? commandId }
  }

  /**
   * The cause of an agent's event that answers a call of ours; its ids are resolved. Null: it answers none.
   *
   * @param agent the configured agent that works in the thread; another agent answers no call of ours
   */
  ofAnswer(envelope: EventEnvelope, agent: string | null): Cause | null {
    const wanted = agent === null || envelope.actor !== "provider" ? undefined : answers.get(envelope.type)
    if (wanted === undefined) return null
    const id = { turn: envelope.turnId, request: envelope.requestId, thread: envelope.streamId }[wanted.by]
    if (id === null) return null
    for (const kind of wanted.kinds) {
      const effect = this.work.latestEffect(wanted.by, id, kind)
      if (effect !== null) return byEffect(effect)
    }
    return null
  }
}
