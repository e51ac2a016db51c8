/**
 * The transition tables. The tests of the fold check every change of a row against them; the reference page is made from them.
 */
import type { EventType } from "@threadfold/contracts"
import { inferred, type Machine, type MachineName, observed, type Transition } from "./Transition.js"

/** Events that end a session without the provider's own exit. */
const concludedEnds: readonly EventType[] = [
  "session.started",
  "session.state.changed",
  "session.lease-lapsed",
  "session.reaped",
  "session.reconciled",
]
/** Every event that ends a session. */
const sessionEnds: readonly EventType[] = [...concludedEnds, "session.exited"]
/** The provider's terminals of a turn. */
const terminals: readonly EventType[] = ["turn.completed", "turn.aborted"]
/** Events that start a turn, and so may supersede the one that runs. */
const turnStarts: readonly EventType[] = ["turn.started", "item.started", "content.delta", "item.completed"]
/** Events in which the provider repeats our id of a message. */
const echoes: readonly EventType[] = ["item.started", "item.completed"]
/** Events after which a running turn has ended, inferred. */
const concludedTurnEnds: readonly EventType[] = [...sessionEnds, "runtime.error", "thread.rewound", ...turnStarts]
/** Events that end a turn which was only requested. */
const requestedEnds: readonly EventType[] = [
  "turn.start-failed",
  "turn.start-timed-out",
  "effect.delivered",
  "effect.uncertain",
  "turn.accepted",
  "turn.interrupt-requested",
  "session.stop-requested",
  "thread.rewound",
  ...sessionEnds,
]
/** Every event that may end a turn. */
const turnEnds: readonly EventType[] = [...new Set([...terminals, ...concludedTurnEnds, ...requestedEnds])]

const alive = ["starting", "running", "ready", "interrupted", "error"]

const sessions: readonly Transition[] = [
  { from: ["new"], to: "ready", by: ["session.started"], note: "An incarnation begins." },
  {
    from: alive,
    to: "running",
    by: [...turnStarts, "session.state.changed"],
    note: "A turn runs, or the provider reports it.",
  },
  {
    from: alive,
    to: "starting",
    by: ["turn.requested", "turn.accepted", "session.started", "session.state.changed", "thread.rewound", ...terminals],
    note: "A requested turn waits to start, or the provider reports it.",
  },
  {
    from: alive,
    to: "ready",
    by: [
      "session.started",
      "session.state.changed",
      ...terminals,
      "turn.start-failed",
      "turn.start-timed-out",
      "runtime.error",
      "turn.accepted",
      ...turnStarts,
      "effect.delivered",
      "effect.uncertain",
      "turn.interrupt-requested",
      "session.stop-requested",
      "thread.rewound",
    ],
    note: "Nothing runs and nothing waits.",
  },
  { from: alive, to: "interrupted", by: ["session.state.changed"], note: "The provider reports it." },
  { from: alive, to: "error", by: ["session.state.changed", "runtime.error"], note: "The provider gave up." },
  {
    from: alive,
    to: inferred("stopped"),
    by: concludedEnds,
    note: "Replaced, lapsed, reaped, reconciled, or reported as stopped.",
  },
  {
    from: alive,
    to: observed("stopped"),
    by: ["session.exited"],
    note: "The process exited or the thread was closed.",
  },
  { from: alive, to: observed("error"), by: ["session.exited"], note: "It never came up." },
  {
    from: [inferred("stopped")],
    to: observed("stopped"),
    by: ["session.exited"],
    note: "The exit confirms what we concluded.",
  },
]

const turns: readonly Transition[] = [
  { from: ["new"], to: "requested", by: ["turn.requested"], note: "Asked for, before the provider is." },
  { from: ["new"], to: "running", by: turnStarts, note: "The agent started it itself, or an item named it first." },
  { from: ["requested"], to: "running", by: turnStarts, note: "It starts." },
  {
    from: ["requested"],
    to: observed("ended"),
    by: ["turn.start-failed", "turn.accepted", ...echoes, ...terminals],
    note: "Its start failed, its message steered another turn, or its end came without a start.",
  },
  {
    from: ["requested"],
    to: inferred("ended"),
    by: [
      "turn.start-timed-out",
      "runtime.error",
      "turn.interrupt-requested",
      "effect.delivered",
      "effect.uncertain",
      "session.stop-requested",
      "turn.accepted",
      "turn.started",
      "thread.rewound",
      ...echoes,
      ...sessionEnds,
    ],
    note: "Cancelled before it started, not started in time, taken back, or gone with the session that it was handed to.",
  },
  {
    from: [inferred("ended")],
    to: "running",
    by: turnStarts,
    note: "It had not started in time, and starts after all while no turn runs.",
  },
  {
    from: [inferred("ended")],
    to: observed("ended"),
    by: echoes,
    note: "It had not started; the provider reports that its message went into another turn.",
  },
  {
    from: ["new"],
    to: inferred("ended"),
    by: ["item.completed"],
    note: "A whole item is all that is known of it: it may be long over.",
  },
  {
    from: [inferred("ended")],
    to: "running",
    by: ["turn.started"],
    note: "A join reports that it still runs: only our conclusion had ended it.",
  },
  { from: ["running"], to: observed("ended"), by: terminals, note: "Its own terminal." },
  {
    from: ["running"],
    to: inferred("ended"),
    by: concludedTurnEnds,
    note: "Its session turned inactive or ended, it was taken back, or another turn superseded it. Provisional while the epoch lasts.",
  },
  {
    from: [inferred("ended")],
    to: observed("ended"),
    by: terminals,
    note: "Its own terminal replaces the inferred end, once.",
  },
]

const itemEnds = ["completed", "failed", "declined", "interrupted"]
const items: readonly Transition[] = [
  { from: ["new"], to: "open", by: ["item.started", "content.delta"], note: "It begins, or its content comes first." },
  {
    from: ["new"],
    to: inferred("interrupted"),
    by: ["item.started", "content.delta"],
    note: "It came late, into a provisionally ended turn.",
  },
  ...itemEnds.map(
    (end): Transition => ({
      from: ["new"],
      to: observed(end),
      by: ["item.completed"],
      note: "Its own terminal is all that is known of it.",
    }),
  ),
  {
    from: [inferred("interrupted")],
    to: "open",
    by: ["content.delta", "item.started"],
    note: "Content came after the end of its turn, or a join reports that its turn runs.",
  },
  ...itemEnds.map(
    (end): Transition => ({ from: ["open"], to: observed(end), by: ["item.completed"], note: "Its own terminal." }),
  ),
  {
    from: ["open"],
    to: inferred("interrupted"),
    by: [...turnEnds, "turn.after-end-settled"],
    note: "Its turn or session ended, or its work after the turn's end was over; the partial text stays.",
  },
  {
    from: ["open", inferred("interrupted")],
    to: inferred("completed"),
    by: ["turn.completed"],
    note: "A command with a process outlives its completed turn as a task.",
  },
  ...itemEnds.map(
    (end): Transition => ({
      from: [inferred("interrupted"), inferred("completed")],
      to: observed(end),
      by: ["item.completed"],
      note: "Its own late terminal replaces what we concluded, once.",
    }),
  ),
]

const asks: readonly EventType[] = ["request.opened", "user-input.requested"]
const resolves: readonly EventType[] = ["request.resolved", "user-input.resolved"]
const waiting = ["open", "answering"]
const requests: readonly Transition[] = [
  { from: ["new"], to: "open", by: asks, note: "The agent asks, be it after the end of its turn." },
  { from: ["new"], to: inferred("expired"), by: asks, note: "It asks in a session that is over." },
  { from: ["open"], to: "answering", by: ["request.answering"], note: "The first answer is accepted and on its way." },
  {
    from: waiting,
    to: observed("answered"),
    by: ["request.answered", ...resolves],
    note: "The answer reached the provider.",
  },
  {
    from: ["answering"],
    to: "open",
    by: ["request.answer-failed"],
    note: "The agent does not have the answer, and it is still the current one.",
  },
  {
    from: ["open"],
    to: inferred("answered"),
    by: resolves,
    note: "The provider resolved it in a running turn without a decision: another client decided.",
  },
  {
    from: [inferred("answered")],
    to: inferred("cancelled"),
    by: terminals,
    note: "The turn's next event is a terminal other than `completed`: the provider was clearing up, once.",
  },
  { from: ["open"], to: observed("cancelled"), by: resolves, note: "The provider withdrew it unanswered." },
  { from: waiting, to: inferred("cancelled"), by: turnEnds, note: "Its turn ended for the first time." },
  {
    from: waiting,
    to: inferred("expired"),
    by: ["request.expired", ...sessionEnds],
    note: "No answer can reach the agent any more.",
  },
]

const attemptEnds: readonly EventType[] = ["inference.completed", "inference.failed", "inference.cancelled"]
const inferences: readonly Transition[] = [
  { from: ["new"], to: "running", by: ["inference.started"], note: "The call begins." },
  ...["cancelled", "failed", "aborted"].map(
    (end): Transition => ({
      from: ["new"],
      to: inferred(end),
      by: ["inference.started"],
      note: "It begins in a turn or session that is over.",
    }),
  ),
  ...attemptEnds.map(
    (type): Transition => ({
      from: ["new", "running", inferred("cancelled"), inferred("failed")],
      to: observed(type.slice("inference.".length)),
      by: [type],
      note: "Its own terminal; the first one wins, over an inferred turn end too.",
    }),
  ),
  { from: ["running"], to: inferred("cancelled"), by: turnEnds, note: "Its turn ended." },
  { from: ["running"], to: inferred("failed"), by: turnEnds, note: "Its turn failed." },
  { from: ["running"], to: inferred("aborted"), by: sessionEnds, note: "Its session ended, and no turn of it had." },
]

const realtimeRuns: readonly Transition[] = [
  { from: ["new"], to: "requested", by: ["realtime.start-requested"], note: "Asked for." },
  { from: ["new", "requested"], to: "started", by: ["realtime.started"], note: "It is live." },
  {
    from: ["requested"],
    to: observed("failed"),
    by: ["realtime.error", "realtime.failed", "realtime.closed"],
    note: "It never came up: there is no close.",
  },
  { from: ["requested"], to: inferred("failed"), by: sessionEnds, note: "Its session ended first." },
  { from: ["started"], to: observed("closed"), by: ["realtime.closed"], note: "The provider's close." },
  {
    from: ["started"],
    to: inferred("closed"),
    by: ["realtime.started", ...sessionEnds],
    note: "Replaced by the next run, or its session ended.",
  },
]

const delegations: readonly Transition[] = [
  {
    from: ["new"],
    to: "open",
    by: ["realtime.handoff", "delegation.opened"],
    note: "Voice hands work to the coding agent.",
  },
  { from: ["new"], to: "closed", by: ["realtime.handoff", "delegation.opened"], note: "Its turn is over already." },
  {
    from: ["open"],
    to: "closed",
    by: ["delegation.closed", "turn.settled", "message.cancelled", "message.steered", ...turnEnds],
    note: "Its turn's end is final and has its message, its message is cancelled, it is reported as over, or its session ended before it found a turn.",
  },
]

const tasks: readonly Transition[] = [
  {
    from: ["new"],
    to: "running",
    by: ["task.started", "turn.completed"],
    note: "It begins, or a command outlives its turn.",
  },
  { from: ["running"], to: observed("ended"), by: ["task.completed", "item.completed"], note: "Its own terminal." },
  { from: ["running"], to: inferred("ended"), by: sessionEnds, note: "It ends with its session." },
  { from: [inferred("ended")], to: observed("ended"), by: ["task.completed"], note: "Its own late terminal, once." },
]

/** All machines, by their table. */
export const machines: { readonly [N in MachineName]: Machine } = {
  sessions: { table: "sessions", name: "session", rule: "1 and 4", transitions: sessions },
  turns: { table: "turns", name: "turn", rule: "2 and 3", transitions: turns },
  items: { table: "items", name: "item", rule: "5", transitions: items },
  requests: { table: "requests", name: "request", rule: "6", transitions: requests },
  inferences: { table: "inferences", name: "inference attempt", rule: "7", transitions: inferences },
  realtime_runs: { table: "realtime_runs", name: "voice run", rule: "8", transitions: realtimeRuns },
  delegations: { table: "delegations", name: "hand-over", rule: "9", transitions: delegations },
  tasks: { table: "tasks", name: "background task", rule: "5", transitions: tasks },
}
