/** What `explainThread` is told of a thread, and how one fact of its answer is made. */
import type { AnomalyView, EffectRow, ExplainFact, RequestRow, TurnRow } from "@threadfold/contracts"
import type { ThreadWork } from "./followUp.js"
import type { KeepPolicy, LivingSession } from "./reaper.js"
import type { RuleHolder } from "./unattendedRules.js"
import type { StartingTurn, TurnLimits, UnattendedPolicy, Wait, WatchPolicy } from "./watchdog.js"

/** The parts of the policy that these rules read. */
export interface ExplainPolicy extends KeepPolicy, WatchPolicy {
  readonly afterEndMs: number
  readonly unattended: UnattendedPolicy
}

/** What a request shows of itself here. */
export interface OpenRequest
  extends Pick<RequestRow, "requestId" | "turnId" | "status" | "title" | "openedAt" | "lastError"> {
  /** What is asked for; a word of a later version, too. */
  readonly kind: string
  /** The question itself. */
  readonly data: unknown
  /** Its thread and those that this was spawned from, with their rules. */
  readonly line: readonly RuleHolder[]
}

/** The facts of a thread, read at one moment. */
export interface ThreadFacts {
  readonly work: ThreadWork
  /** Its session with what the reaper looks at; null: none lives. */
  readonly living: LivingSession | null
  /** Sessions of threads that its agent opened by itself. */
  readonly children: readonly LivingSession[]
  readonly requests: readonly OpenRequest[]
  /** Turns that wait to start. */
  readonly starting: readonly StartingTurn[]
  /** When the running turn waited for a person. */
  readonly waits: readonly Wait[]
  readonly effects: readonly Pick<EffectRow, "effectId" | "kind" | "status" | "createdAt">[]
  /** Newest first. */
  readonly anomalies: readonly AnomalyView[]
  readonly policy: ExplainPolicy
  readonly limits: TurnLimits
}

/** One fact. */
export const factOf = (
  topic: ExplainFact["topic"],
  fact: string,
  sentence: string,
  more: Partial<ExplainFact> = {},
): ExplainFact => ({
  topic,
  fact,
  sentence,
  row: null,
  at: null,
  ...more,
})

/** The path of a turn's row. */
export const turnPath = ({ turnId }: Pick<TurnRow, "turnId">): string => `turns/${turnId}`
