/** A thread as `explainThread` reads it: facts that a test does not name are those of a thread in which nothing happens. */
import type { SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"
import type { Moment } from "../src/workflow/Moment.js"
import type { ExplainPolicy, OpenRequest, ThreadFacts } from "../src/workflow/ThreadFacts.js"
import { sessionRow, threadWork, turnRow } from "./workflowRows.js"

export const minute = 60_000
export const now = 1_000_000 * minute
export const moment: Moment = { now, awakeSince: null, toleranceMs: 0 }

export const policy: ExplainPolicy = {
  idleMs: 30 * minute,
  startingGraceMs: 5 * minute,
  backgroundCapMs: 24 * 60 * minute,
  afterEndMs: minute,
  unattended: { action: "wait" },
  stallMs: 10 * minute,
  onStall: "show",
}

/** No session, no turn, nothing open. */
export const threadFacts = (given: Partial<ThreadFacts> = {}): ThreadFacts => ({
  work: threadWork([], {}, null),
  living: null,
  children: [],
  requests: [],
  starting: [],
  waits: [],
  effects: [],
  anomalies: [],
  policy,
  limits: { turnStartMs: minute, turnMs: 240 * minute, retryMs: 5 * minute },
  ...given,
})

/** A session that is ready since ten minutes and started an hour ago. */
export const readySession = sessionRow({ lastActivityAt: now - 10 * minute, startedAt: now - 60 * minute })

/** Facts of a thread with these turns, in that session unless another one is given. */
export const factsOf = (
  turns: readonly TurnRow[] = [],
  thread: Partial<ThreadRow> = {},
  session: SessionRow | null = readySession,
): ThreadFacts => threadFacts({ work: threadWork(turns, thread, session) })

/** A turn that runs since four minutes. */
export const runningTurn = turnRow({ turnId: "t", status: "running", startedAt: now - 4 * minute })

/** A question that was asked a minute ago. */
export const question = (given: Partial<OpenRequest> = {}): OpenRequest => ({
  requestId: "r",
  turnId: "t",
  kind: "command_approval",
  status: "open",
  title: "ls",
  openedAt: now - minute,
  lastError: null,
  data: null,
  line: [],
  ...given,
})
