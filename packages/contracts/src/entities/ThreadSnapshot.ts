import { Schema } from "effect"
import { field, int, shape } from "../fields.js"
import { AnomalyView } from "./Anomaly.js"
import { DelegationView } from "./Delegation.js"
import { InferenceView } from "./Inference.js"
import { ItemView } from "./Item.js"
import { QueueView } from "./QueuedMessage.js"
import { RealtimeRunView } from "./RealtimeRun.js"
import { RequestView } from "./Request.js"
import { SessionView } from "./Session.js"
import { TaskView } from "./Task.js"
import { ThreadDetail } from "./Thread.js"
import { TurnView } from "./Turn.js"
import { ThreadUsage } from "./Usage.js"

/** A thread with everything in it: `thread ID --json`. */
export const ThreadSnapshot = shape(
  "ThreadSnapshot",
  "A thread with everything in it, of one moment: `thread ID --json`.",
  {
    sequence: int("Sequence of the log up to which the snapshot is true."),
    thread: field(ThreadDetail, "The thread."),
    session: field(Schema.NullOr(SessionView), "Its current or last session; null before the first one."),
    turns: field(Schema.Array(TurnView), "Its turns, oldest first."),
    items: field(Schema.Array(ItemView), "Its items, oldest first."),
    requests: field(Schema.Array(RequestView), "Approvals, questions and tool callbacks, oldest first."),
    inferences: field(Schema.Array(InferenceView), "Inference attempts, oldest first."),
    realtimeRuns: field(Schema.Array(RealtimeRunView), "Voice runs, oldest first."),
    delegations: field(Schema.Array(DelegationView), "Voice hand-overs, oldest first."),
    tasks: field(Schema.Array(TaskView), "Background tasks, oldest first."),
    queue: field(Schema.Array(QueueView), "Messages that wait for their turn, in the order in which they run."),
    usage: field(
      Schema.NullOr(ThreadUsage),
      "Tokens of the thread: the sum of its turns'; null where none were reported.",
    ),
    anomalies: field(Schema.Array(AnomalyView), "What the fold refused to apply."),
  },
)
export type ThreadSnapshot = typeof ThreadSnapshot.Type
