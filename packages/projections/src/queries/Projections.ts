/** The read side as a service: every query of the projections, over one read-only client. */
import { Context, Effect, Layer } from "effect"
import { allInferences, allItems, allRequests, allTurns } from "./allRows.js"
import { anomalies, anomalyCounts } from "./anomalies.js"
import { inbox } from "./inbox.js"
import { item, items } from "./items.js"
import { delegations, inferences, queue, realtimeRuns, tasks } from "./lists.js"
import {
  afterEndWork,
  agentOpened,
  livingFacts,
  livingFactsOf,
  openLeases,
  openQuestions,
  runningTurns,
  startingTurns,
  waitsOfTurn,
} from "./living.js"
import { openReadSql, type ReadSql } from "./ReadSql.js"
import { request, requests } from "./requests.js"
import { forkPlace, rewoundFrom } from "./rewinds.js"
import { rowsByKeys } from "./rowsByKeys.js"
import { rowsSnapshot } from "./rowsSnapshot.js"
import { session, sessionRow, sessions } from "./sessions.js"
import { stats } from "./stats.js"
import { knowsStream, rebuildPoint } from "./streams.js"
import { rowText, taskOutput } from "./texts.js"
import { threadSnapshot } from "./threadSnapshot.js"
import { matchingThreads, thread, threads, threadVersion, usage } from "./threads.js"
import { trace } from "./trace.js"
import { threadTree } from "./tree.js"
import { turnChanges } from "./turnChanges.js"
import { turn, turns } from "./turns.js"
import {
  livingSessions,
  openConnections,
  requestRow,
  runningInferences,
  taskRow,
  threadsToFollowUp,
  threadWork,
  turnRow,
} from "./upkeep.js"
import { usageSums } from "./usageSums.js"
import { handoffWork, openVoiceRuns } from "./voice.js"

/** Binds every query to a client. */
const boundTo = (sql: ReadSql) => {
  const bind =
    <Args extends readonly unknown[], Out>(query: (sql: ReadSql, ...args: Args) => Out) =>
    (...args: Args): Out =>
      query(sql, ...args)
  return {
    threads: bind(threads),
    thread: bind(thread),
    threadVersion: bind(threadVersion),
    matchingThreads: bind(matchingThreads),
    threadSnapshot: bind(threadSnapshot),
    rowsSnapshot: bind(rowsSnapshot),
    rowsByKeys: bind(rowsByKeys),
    sessions: bind(sessions),
    session: bind(session),
    sessionRow: bind(sessionRow),
    turns: bind(turns),
    trace: bind(trace),
    turn: bind(turn),
    turnChanges: bind(turnChanges),
    items: bind(items),
    item: bind(item),
    taskOutput: bind(taskOutput),
    rowText: bind(rowText),
    requests: bind(requests),
    allTurns: bind(allTurns),
    allItems: bind(allItems),
    allRequests: bind(allRequests),
    allInferences: bind(allInferences),
    request: bind(request),
    inferences: bind(inferences),
    realtimeRuns: bind(realtimeRuns),
    delegations: bind(delegations),
    tasks: bind(tasks),
    queue: bind(queue),
    forkPlace: bind(forkPlace),
    rewoundFrom: bind(rewoundFrom),
    usage: bind(usage),
    threadTree: bind(threadTree),
    usageSums: bind(usageSums),
    anomalies: bind(anomalies),
    anomalyCounts: bind(anomalyCounts),
    inbox: bind(inbox),
    stats: bind(stats),
    knowsStream: bind(knowsStream),
    rebuildPoint: bind(rebuildPoint),
    threadWork: bind(threadWork),
    runningInferences: bind(runningInferences),
    turnRow: bind(turnRow),
    requestRow: bind(requestRow),
    taskRow: bind(taskRow),
    livingSessions: bind(livingSessions),
    openConnections: bind(openConnections),
    threadsToFollowUp: bind(threadsToFollowUp),
    livingFacts: bind(livingFacts),
    livingFactsOf: bind(livingFactsOf),
    agentOpened: bind(agentOpened),
    runningTurns: bind(runningTurns),
    startingTurns: bind(startingTurns),
    afterEndWork: bind(afterEndWork),
    openLeases: bind(openLeases),
    openQuestions: bind(openQuestions),
    waitsOfTurn: bind(waitsOfTurn),
    openVoiceRuns: bind(openVoiceRuns),
    handoffWork: bind(handoffWork),
  }
}

/**
 * Every query fails with `StorageUnavailable` where the database could not be read; pages with `CursorInvalid` or
 * `LimitInvalid`, too, and what names a row with `RowNotFound`.
 */
export class Projections extends Context.Tag("@threadfold/projections/Projections")<
  Projections,
  ReturnType<typeof boundTo>
>() {
  /** Over what reads a database already. */
  static readonly over = boundTo

  /** Over a connection of its own to a file, which the writer has made and set to WAL. */
  static readonly layer = (file: string): Layer.Layer<Projections> =>
    Layer.scoped(Projections, Effect.map(openReadSql(file), boundTo))
}
