/**
 * What a thread does now, what it waits for, and what follows by itself, told from its rows by the rules that decide: `followUpOf`,
 * `turnPhase`, `decideSession`, `decideTurn` and the others. No rule is here.
 */
import { anomalyReasons, type ExplainFact, type SessionRow, type TurnRow } from "@threadfold/contracts"
import { isWaiting } from "../state/lifecycle.js"
import { nextFacts } from "./explainNext.js"
import type { Moment } from "./Moment.js"
import { factOf, type ThreadFacts, turnPath } from "./ThreadFacts.js"
import { turnPhase } from "./turnPhase.js"

/** What the turn that runs or ended last tells. */
const turnFact = (turn: TurnRow, session: SessionRow | null): ExplainFact => {
  const row = turnPath(turn)
  switch (turnPhase(turn, session)) {
    case "running":
      return turn.stalled === 1
        ? factOf("now", "turn-stalled", "A turn runs, and nothing has been heard of it for a while.", {
            row,
            at: turn.startedAt,
          })
        : factOf("now", "turn-running", "A turn runs.", { row, at: turn.startedAt })
    case "waiting":
      return factOf("waits", "turn-requested", "A turn was asked for and has not been sent to the agent.", {
        row,
        at: turn.requestedAt,
      })
    case "delivered":
      return factOf("waits", "turn-delivered", "A turn was sent to the agent, which has not started it.", {
        row,
        at: turn.requestedAt,
      })
    case "doubted":
      return factOf(
        "waits",
        "turn-uncertain",
        "A turn may have reached the agent: it is not sent again by itself, and the queue waits for it.",
        { row, at: turn.requestedAt },
      )
    case "lost":
      return factOf(
        "waits",
        "turn-lost",
        "A turn may have reached a session that is over: only a person can send it again or cancel it.",
        { row, at: turn.requestedAt },
      )
    case "provisional":
      return factOf(
        "now",
        "turn-provisional",
        "A turn has ended by inference, and the agent's own word may still come.",
        {
          row,
          at: turn.endedAt,
        },
      )
    case "closing":
      return factOf("now", "turn-closing", "A turn has ended by inference, and no word of the agent is expected.", {
        row,
        at: turn.endedAt,
      })
    case "over":
      return factOf("now", "turn-over", "A turn has ended.", { row, at: turn.endedAt })
  }
}

/** What is said of a session that no agent of ours works in. */
const modeWords: { readonly [M in Exclude<SessionRow["mode"], "managed">]: string } = {
  attached: "An adapter feeds it; it ends with its lease.",
  imported: "It is a recording: no agent of ours works in it.",
  forked: "It is a copy of a session of another thread: nothing works in it.",
}

const sessionWords: { readonly [S in SessionRow["status"]]: string } = {
  ready: "Its session is ready: the agent waits for a message.",
  starting: "Its session starts.",
  running: "Its session is running.",
  interrupted: "Its session was interrupted, and lives.",
  stopped: "Its session has stopped.",
  error: "Its session has ended or goes on with an error.",
}

const nowFacts = ({ work: { last, thread, turns, session } }: ThreadFacts): readonly ExplainFact[] => {
  const facts: ExplainFact[] = []
  if (thread.deletedAt !== null)
    facts.push(
      factOf("now", "deleted", "The thread is deleted: it takes no command but its restore.", {
        row: "thread",
        at: thread.deletedAt,
      }),
    )
  if (thread.archivedAt !== null)
    facts.push(factOf("now", "archived", "The thread is archived.", { row: "thread", at: thread.archivedAt }))
  if (last === null)
    facts.push(factOf("now", "no-session", "No agent has worked in it yet.", { row: "thread", at: thread.createdAt }))
  else {
    const cause = last.cause !== null ? ` Cause: ${last.cause} (${last.evidence}).` : ""
    const at = last.endedAt ?? (last.status === "ready" ? last.lastActivityAt : last.startedAt)
    facts.push(
      factOf(
        "now",
        `session-${last.endedAt === null ? last.status : "ended"}`,
        `${sessionWords[last.status]}${cause}`,
        {
          row: "session",
          at,
        },
      ),
    )
    if (last.mode !== "managed") {
      facts.push(factOf("now", last.mode, modeWords[last.mode], { row: "session" }))
    }
  }
  if (thread.afterEndItems > 0)
    facts.push(factOf("now", "after-end-work", "The agent goes on after the end of its turn.", { row: "thread" }))
  if (thread.runningTasks > 0)
    facts.push(factOf("now", "tasks-running", `Background tasks that run: ${thread.runningTasks}.`, { row: "thread" }))
  return [...facts, ...turns.map((turn) => turnFact(turn, session)).filter(({ topic }) => topic === "now")]
}

const waitFacts = (facts: ThreadFacts): readonly ExplainFact[] => {
  const { effects, requests, work } = facts
  const { session, thread, turns } = work
  const asked = requests.map(({ kind, openedAt, requestId, status, title }) => {
    const what = title === null ? kind : `${kind}: ${title}`
    const row = `requests/${requestId}`
    return status === "open"
      ? factOf("waits", "request-open", `It waits for a person's answer (${what}).`, { row, at: openedAt })
      : factOf("waits", "request-answering", `An answer is on its way to the agent (${what}).`, { row, at: openedAt })
  })
  const calls = effects.map(({ createdAt, kind, status }) =>
    factOf("waits", "effect-open", `A call to the agent is ${status}: ${kind}.`, { at: createdAt }),
  )
  const waiting = turns.map((turn) => turnFact(turn, session)).filter(({ topic }) => topic === "waits")
  const held =
    thread.queued > 0 && thread.queueHeld === 1
      ? [
          factOf(
            "waits",
            "queue-held",
            `The queue waits for a person's consent (\`threadfold resume\`). Messages in it: ${thread.queued}.`,
            { row: "thread" },
          ),
        ]
      : []
  const unsent = session === null && turns.some((turn) => isWaiting(turn))
  const lease =
    session?.mode === "attached"
      ? [
          factOf("waits", "lease", "Its adapter must renew the lease of the session.", {
            row: "session",
            at: session.lastActivityAt,
          }),
        ]
      : []
  const start = unsent
    ? [factOf("waits", "session-start", "A session has to start before its turn can.", { row: "thread" })]
    : []
  return [...asked, ...waiting, ...start, ...calls, ...held, ...lease]
}

/** Anomalies that are told of. */
const anomalyLimit = 10

const meaningOf = (reason: string): string =>
  Object.entries(anomalyReasons).find(([known]) => known === reason)?.[1] ??
  "Refused for a reason that this version does not know."

const anomalyFacts = ({ anomalies }: ThreadFacts): readonly ExplainFact[] =>
  anomalies.slice(0, anomalyLimit).map(({ count, detail, lastSequence, reason, subject }) => {
    const often = count === 1 ? "" : ` ${count} times, last`
    const more = detail === null ? "" : ` (${detail})`
    return factOf(
      "anomaly",
      reason,
      `${meaningOf(reason)}${more} Noted${often} at event ${lastSequence}, about ${subject}.`,
      {
        row: `anomalies/${subject.replaceAll("~", "~0").replaceAll("/", "~1")}/${reason}`,
      },
    )
  })

/** What a thread does, waits for, and what follows by itself. What is to come holds if nothing happens before. */
export const explainThread = (facts: ThreadFacts, moment: Moment): readonly ExplainFact[] => [
  ...nowFacts(facts),
  ...waitFacts(facts),
  ...nextFacts(facts, moment),
  ...anomalyFacts(facts),
]
