/**
 * What caused an event: `causationId` names the effect that it tells of or answers, else the command that it follows from;
 * `correlationId` the command at the beginning. So one walks from an event to its effect and on to the command.
 */
import type { EffectKind, EffectRow, EventEnvelope, EventType } from "@threadfold/contracts"
import type { EventDraft, Submission } from "../Submission.js"
import type { EffectSubject, WorkStore } from "../work/index.js"

/** The two columns of an envelope. */
export type Cause = Pick<EventEnvelope, "causationId" | "correlationId">

export const uncaused: Cause = { causationId: null, correlationId: null }

const byEffect = ({ commandId, effectId }: EffectRow): Cause => ({ causationId: effectId, correlationId: commandId })

/** Which calls to an agent an event answers, and by what it is known which call. The first kind that is found counts. */
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

  /** Of our own events: the effect that they are told with. */
  ofSubmission({ effects = [] }: Submission): Cause {
    const [step] = effects
    const effect = step === undefined ? null : this.work.effect(step.effectId)
    return effect === null ? uncaused : byEffect(effect)
  }

  /** Of one draft: its command, else what its submission says. */
  ofDraft({ carriesOn, commandId }: EventDraft, submission: Cause): Cause {
    return commandId === undefined ? submission : { causationId: commandId, correlationId: carriesOn ?? commandId }
  }

  /**
   * Of an agent's word about what we asked of it; its ids are resolved. Null: it answers nothing.
   *
   * @param agent the configured agent that works in the thread; one that we do not run answers nothing of ours
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
