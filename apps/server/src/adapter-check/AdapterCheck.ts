/** A check of an adapter: a sentence that must hold of what was observed. */
import type { AdapterFinding } from "@threadfold/contracts"
import type { Trace } from "./Call.js"
import type { ObservedSession, SentLine } from "./ObservedSession.js"

/** What a check looks at. */
export interface Observation {
  readonly trace: Trace
  readonly sessions: readonly ObservedSession[]
}

/** What a check has seen, and where. The report adds what the call was. */
export type Sighting = Pick<AdapterFinding, "sessionId" | "call" | "line" | "seen">

/** What a check finds: null where nothing happened that it could judge, empty where all is well. */
export type Judgement = readonly Sighting[] | null

export interface AdapterCheck {
  readonly id: string
  /** What must hold. */
  readonly title: string
  /** What the author of an adapter does about a finding. */
  readonly next: string
  /** What has to happen before it can be judged. */
  readonly exercise: string
  /** Its findings hold whatever becomes of the server afterwards: they are of what was sent, not of what did not come. */
  readonly isOfSent?: true
  readonly judge: (observation: Observation) => Judgement
}

/** A sighting about a line. */
export const atLine = ({ call, channel, line, seq, type }: SentLine, seen: string): Sighting => ({
  sessionId: call.sessionId,
  call: call.number,
  line,
  seen: `${type} (${channel}, seq ${seq}) ${seen}`,
})

/** A sighting about a call. */
export const atCall = (
  { number, sessionId }: { readonly number: number; readonly sessionId: string },
  seen: string,
): Sighting => ({ sessionId, call: number, line: null, seen })
