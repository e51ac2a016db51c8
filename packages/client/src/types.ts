/** The types that a program needs to show what the server has: views, rows, events with their payloads, problems. */
export type {
  Actor,
  AnomalyView,
  DelegationView,
  EventEnvelope,
  EventType,
  InferenceView,
  ItemView,
  PayloadOf,
  QueueView,
  RealtimeRunView,
  Receipt,
  RequestDetail,
  RequestView,
  Rows,
  SessionView,
  TableName,
  TaskView,
  ThreadDetail,
  ThreadSnapshot,
  ThreadStatus,
  ThreadUsage,
  ThreadView,
  TurnDetail,
  TurnView,
  UsageView,
} from "@threadfold/contracts"
export { isEventType } from "@threadfold/contracts"
export type { RowChange, RowChanges, RowsSnapshot, ThreadPage } from "@threadfold/contracts/api"
export { Problem, type ProblemDetails, type ProblemSlug } from "@threadfold/contracts/problem"
