/**
 * The tables of the projections as data: columns, keys and look-ups. Interpreters (SQL, Map), the canonical hash and
 * the generated reference all come from here; no rule of the domain does.
 *
 * Row property names are camelCase, SQL column names are their snake_case.
 */

/** SQL affinity of a column. `json` is stored as TEXT and held in memory as a JSON value. */
export type ColumnType = "text" | "integer" | "json"

export interface Column {
  readonly type: ColumnType
  readonly nullable: boolean
  /** Meaning, unit, source. */
  readonly doc: string
  /** Depends on `sequence`, `recordedAt` or the process: left out of the canonical hash. */
  readonly derived?: true
  /** May be large: a row that is written without it keeps what is stored; the fold never holds it. */
  readonly heavy?: true
}

export interface Table {
  readonly name: TableName
  readonly doc: string
  /** Primary key columns. */
  readonly key: readonly string[]
  readonly columns: { readonly [column: string]: Column }
  /** Look-ups other than by key that the fold may ask for: name → columns. The first match by key order wins. */
  readonly lookups: { readonly [name: string]: readonly string[] }
  /** Lists of rows that the fold may ask for, such as what is open in a turn. Each has an index of its own. */
  readonly lists: { readonly [name: string]: RowList }
}

/** Rows of a table that have these values, found by further columns; there a null matches null. */
export interface RowList {
  /** Column → values that a row of the list may have. */
  readonly where: { readonly [column: string]: readonly (string | number)[] }
  /** Columns that are asked for. The first one names the stream. */
  readonly columns: readonly string[]
}

const text = (doc: string): Column => ({ type: "text", nullable: false, doc })
const optText = (doc: string): Column => ({ type: "text", nullable: true, doc })
const int = (doc: string): Column => ({ type: "integer", nullable: false, doc })
const optInt = (doc: string): Column => ({ type: "integer", nullable: true, doc })
const optJson = (doc: string): Column => ({ type: "json", nullable: true, doc })
const derived = (column: Column): Column => ({ ...column, derived: true })
const heavy = (column: Column): Column => ({ ...column, heavy: true })

const sequence = derived(int("Sequence of the event that last touched the row: its version for `If-Match`."))
const ended = {
  cause: optText("Why it ended, a short token such as `session-ready` or `superseded`; null while it runs."),
  evidence: optText("`observed`: the provider said so; `inferred`: we concluded it; null while it runs."),
}
const startedAt = optInt("Start by the source clock, ms since the epoch.")
const endedAt = optInt("End by the source clock, ms since the epoch; null while it runs.")

export type TableName =
  | "connections"
  | "threads"
  | "sessions"
  | "turns"
  | "rewinds"
  | "items"
  | "item_chunks"
  | "requests"
  | "inferences"
  | "inference_items"
  | "realtime_runs"
  | "delegations"
  | "tasks"
  | "queue"
  | "usage"
  | "anomalies"

const define = (
  name: TableName,
  doc: string,
  key: readonly string[],
  columns: { readonly [column: string]: Column },
  lookups: { readonly [name: string]: readonly string[] } = {},
  lists: { readonly [name: string]: RowList } = {},
): Table => ({ name, doc, key, columns, lookups, lists })

const withStatus = (...status: readonly string[]) => ({
  by: (...columns: readonly string[]): RowList => ({ where: { status }, columns }),
})
const openItems = withStatus("open")
/** Work after the end of its turn. */
const openAfterEnd = {
  by: (...columns: readonly string[]): RowList => ({ where: { status: ["open"], afterEnd: [1] }, columns }),
}
const openRequests = withStatus("open", "answering")
const runningInferences = withStatus("running")
const openDelegations = withStatus("open")
const runningTasks = withStatus("running")

export const tables: { readonly [N in TableName]: Table } = {
  connections: define("connections", "One row per provider process or socket.", ["connectionId"], {
    connectionId: text("Our id; also the id of the connection's stream."),
    provider: optText("Provider kind."),
    mode: optText("`managed`, `attached` or `imported`."),
    status: text("`open` or `closed`."),
    version: optText("Provider version."),
    pid: optInt("Process id."),
    code: optInt("Exit code."),
    signal: optText("Signal that ended it."),
    reason: optText("Why it closed."),
    openedAt: optInt("Source clock, ms since the epoch."),
    closedAt: optInt("Source clock, ms since the epoch."),
    streamVersion: int("Version of the last event folded in."),
    sequence,
  }),
  threads: define("threads", "One row per thread.", ["threadId"], {
    threadId: text("Our id; also the id of the thread's stream."),
    provider: optText("Provider kind."),
    nativeThreadId: optText("The provider's thread id."),
    title: optText("Display name."),
    firstWords: optText("The first words of its first message that was not taken back, in one line, for a list."),
    firstWordsTurn: optInt("Ordinal of the turn that they are of; null: none."),
    cwd: optText("Working directory."),
    model: optText("Model last named."),
    agent: optText("Name of the configured agent that works in it; null: we do not run it."),
    settings: heavy(optJson("Settings of its sessions, in the provider's words.")),
    parentThreadId: optText("Thread that spawned this one, by evidence only."),
    parentNativeThreadId: optText("The provider's id of it."),
    forkedFromThreadId: optText("Thread this one was copied from."),
    forkedFromNativeThreadId: optText("The provider's id of it."),
    source: optText("Source kind of an imported thread, for example `codex-app-server`."),
    status: text("`idle`, `working`, `waiting`, `starting`, `stopped`, `error`, `stalled` or `archived`."),
    sessionId: optText("Current or last session."),
    activeTurnId: optText("The running turn."),
    openRequests: int("Requests that wait for an answer."),
    runningTasks: int("Background tasks that run."),
    afterEndItems: int("Open items of turns that have ended: work that the agent does after its turn's end."),
    queued: int("Messages in the queue."),
    queueHeld: int("1 while the queue waits for a person's consent: after a crash, a failure or an interrupt."),
    turns: int("Turns seen."),
    items: int("Items seen."),
    goal: heavy(optJson("What the agent works towards, in the provider's words.")),
    plan: heavy(optJson("The agent's to-do list: `{explanation, steps}`.")),
    archivedAt: optInt("ms since the epoch; null: not archived."),
    deletedAt: optInt("ms since the epoch; null: not deleted."),
    keepAliveUntil: optInt("The reaper leaves the thread alone until then, ms since the epoch."),
    createdAt: optInt("Source clock of the first event, ms since the epoch."),
    updatedAt: derived(optInt("Our clock at the last event, ms since the epoch.")),
    lastActivityAt: derived(optInt("Our clock at the last event that shows activity, ms since the epoch.")),
    streamVersion: int("Version of the last event folded in."),
    sequence,
  }),
  sessions: define("sessions", "One row per incarnation of a thread.", ["sessionId"], {
    sessionId: text("Our id."),
    threadId: text("Its thread."),
    connectionId: optText("Its connection."),
    epoch: int("1, 2, 3 … per thread."),
    provider: optText("Provider kind."),
    mode: text("`managed`, `attached` or `imported`."),
    nativeSessionId: optText("The provider's session id, where it differs from its thread id."),
    status: text("`starting`, `running`, `ready`, `interrupted`, `stopped` or `error`."),
    activeTurnId: optText("The running turn; null unless the status is `starting` or `running`."),
    pendingTurnId: optText("The oldest requested turn."),
    lastError: optText("Last error message, fatal or not."),
    cause: optText("Why it ended."),
    evidence: optText("`observed` or `inferred`; null while it lives."),
    usageMode: optText("How its driver counts tokens."),
    model: optText("Model name."),
    cwd: optText("Working directory."),
    config: optJson("What else it runs with."),
    leaseMs: optInt("Lease of an attached session, ms."),
    code: optInt("Exit code."),
    signal: optText("Signal that ended it."),
    startedAt,
    endedAt,
    lastActivityAt: derived(optInt("Our clock at its last event, ms since the epoch.")),
    sequence,
  }),
  turns: define(
    "turns",
    "One row per turn.",
    ["turnId"],
    {
      turnId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that ran it; null while it waits for one."),
      ordinal: int("1, 2, 3 … per thread, in order of appearance."),
      nativeTurnId: optText("The provider's id."),
      clientId: optText("The client's id of the message, where it gave the provider one; the provider repeats it."),
      callId: optText("JSON text of our call's id, until the provider's answer binds the turn."),
      origin: text("`client`, `queue`, `realtime`, `import`, `provider`, `synthetic`."),
      status: text("`requested`, `running` or `ended`."),
      outcome: optText("`completed`, `failed`, `interrupted`, `cancelled` or `unknown`; null until it ended."),
      ...ended,
      settled: int("1 once the end is final: observed, or settled after an inferred one."),
      uncertain: int("1 while it is handed over and unanswered by a session that ended."),
      stalled: int("1 while nothing is heard of it."),
      rejoined: int("1 once it runs again, or ran again, because a join told that it had not ended."),
      handedOver: int("1 once a requested turn's bytes reached the provider."),
      interruptRequestedAt: optInt("ms since the epoch."),
      steeredInto: optText("Turn that took the message, when this one never ran."),
      supersededBy: optText("Turn that replaced it."),
      text: heavy(optText("The user's text of a requested turn.")),
      error: optJson("`{message, code, httpStatus, details}`."),
      usage: optJson(
        "Tokens of this turn: `{inputTokens, cachedInputTokens, outputTokens, reasoningTokens, totalTokens}`.",
      ),
      diff: heavy(optText("The turn's changes as one unified diff.")),
      proposal: heavy(optText("A plan that waits for consent.")),
      items: int("Items seen in it."),
      requestedAt: optInt("ms since the epoch."),
      startedAt,
      endedAt,
      sequence,
    },
    {
      byNativeInSession: ["sessionId", "nativeTurnId"],
      byNativeInThread: ["threadId", "nativeTurnId"],
      byOrdinal: ["threadId", "ordinal"],
    },
  ),
  rewinds: define(
    "rewinds",
    "One row per range of turns that were taken back. The turns' own rows stay as they are.",
    ["threadId", "ordinal"],
    {
      threadId: text("Its thread."),
      ordinal: int("1, 2, 3 … per thread, in order of appearance."),
      firstTurnId: text("First turn of the range."),
      fromOrdinal: int("`ordinal` of the first turn of the range."),
      toOrdinal: int("`ordinal` of the last turn of the range."),
      depth: int(
        "1, 2, 3 … among the ranges that no later one holds, oldest first: how the fold finds the range of a turn.",
      ),
      rewoundAt: int("Source clock, ms since the epoch."),
      sequence,
    },
    { byDepth: ["threadId", "depth"] },
  ),
  items: define(
    "items",
    "One row per item.",
    ["itemId"],
    {
      itemId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that made it."),
      turnId: optText("Its turn."),
      ordinal: int("1, 2, 3 … per thread, in order of appearance."),
      nativeItemId: optText("The provider's id."),
      kind: text("Our kind."),
      nativeKind: optText("The provider's type name."),
      status: text("`open`, `completed`, `failed`, `declined` or `interrupted`."),
      ...ended,
      afterEnd: int("1 when the living session told it after the end of its turn."),
      title: optText("One line for a list."),
      phase: optText("The provider's phase of a message."),
      text: heavy(optText("Final text; null while chunks hold it, or where the kind has none.")),
      hasFinal: int("1 once the final content came: the chunks are gone."),
      chunks: int("Chunks stored in `item_chunks`."),
      chunkChars: int("UTF-16 units in them."),
      chunkPart: int("Part of the stream that the last chunk belongs to."),
      chunkFill: int("UTF-16 units in the last chunk; a full one is followed by a new one."),
      chunkHalf: int(
        "UTF-16 unit of half a surrogate pair that ends the last chunk, where U+FFFD stands for it; 0: none.",
      ),
      chunkHalves: optJson(
        "The same of earlier chunks, whose parts may go on: `[[part, chunk, unit], …]`, the newest last; null: none.",
      ),
      data: heavy(optJson("What else it says, in the provider's words.")),
      processId: optText("Process of a command."),
      exitCode: optInt("Exit code of a command."),
      startedAt,
      endedAt,
      sequence,
    },
    {
      byNativeInTurn: ["turnId", "nativeItemId"],
      byNativeInSession: ["sessionId", "nativeItemId"],
    },
    {
      openInTurn: openItems.by("threadId", "turnId"),
      openByNative: openItems.by("threadId", "turnId", "nativeItemId"),
      openAfterEnd: openAfterEnd.by("threadId"),
      openAfterEndByNative: openAfterEnd.by("threadId", "nativeItemId"),
      /** Commands that the inferred end of their turn has closed. */
      interruptedCommandsOfTurn: {
        where: { kind: ["command"], status: ["interrupted"], evidence: ["inferred"] },
        columns: ["threadId", "turnId"],
      },
    },
  ),
  item_chunks: define(
    "item_chunks",
    "Streamed content of items whose final text has not come.",
    ["itemId", "ordinal"],
    {
      itemId: text("Its item."),
      ordinal: int("0, 1, 2 … per item."),
      threadId: text("Its thread."),
      part: int("Part of the stream; parts are joined by a blank line."),
      text: text("The text."),
      sequence,
    },
  ),
  requests: define(
    "requests",
    "One row per approval, question or tool callback.",
    ["requestId"],
    {
      requestId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that asked."),
      turnId: optText("Its turn."),
      itemId: optText("Its item."),
      nativeRequestId: optText("JSON text of the provider's id."),
      kind: text("Our kind."),
      nativeKind: optText("The provider's method."),
      status: text("`open`, `answering`, `answered`, `cancelled` or `expired`."),
      decision: optText(
        "The first accepted decision; null where another client decided and the agent does not say what.",
      ),
      decidedBy: optText("Who decided: `client`, `policy`, `elsewhere`, or what the provider says."),
      ...ended,
      title: optText("One line for a person."),
      data: heavy(
        optJson(
          "The question: `{decisions, choices, questions, changes, data}`; `decisions` and `data` in the provider's words.",
        ),
      ),
      answer: heavy(
        optJson(
          "What was answered beside the decision: `{answers}` by question id, else `{data}` in the provider's words.",
        ),
      ),
      answerCommandId: optText("The command whose answer is on its way, or was given."),
      lastError: optText("Why the last answer did not reach the agent."),
      openedAt: optInt("ms since the epoch."),
      endedAt,
      sequence,
    },
    { byNativeInSession: ["sessionId", "nativeRequestId"] },
    { openInTurn: openRequests.by("threadId", "turnId"), openInThread: openRequests.by("threadId") },
  ),
  inferences: define(
    "inferences",
    "One row per inference attempt.",
    ["inferenceId"],
    {
      inferenceId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that made it."),
      turnId: optText("Its turn."),
      nativeInferenceId: optText("The provider's or gateway's id."),
      status: text("`running`, `completed`, `failed`, `cancelled` or `aborted`."),
      ...ended,
      model: optText("Model that was asked for."),
      provider: optText("Model provider."),
      responseId: optText("The provider's response id."),
      upstreamRequestId: optText("Request id of the upstream HTTP call."),
      items: int("Complete output items seen; `inference_items` has a row for each."),
      usage: optJson("Tokens of this attempt."),
      error: optText("What went wrong, or why it was cancelled."),
      startedAt,
      endedAt,
      sequence,
    },
    { byNativeInSession: ["sessionId", "nativeInferenceId"] },
    { openInTurn: runningInferences.by("threadId", "turnId"), openInThread: runningInferences.by("threadId") },
  ),
  inference_items: define(
    "inference_items",
    "One row per complete output item of an inference attempt. Its content is in the log.",
    ["threadId", "inferenceId", "ordinal"],
    {
      threadId: text("Its thread."),
      inferenceId: text("Its attempt."),
      ordinal: int("1, 2, 3 … per attempt, in order of appearance."),
      itemKey: text("Its key inside the attempt: its native id, or its place as `#0`, `#1`, …"),
      sequence: derived(int("Sequence of the event that brought it, with its content.")),
    },
    { byItemKey: ["threadId", "inferenceId", "itemKey"] },
  ),
  realtime_runs: define(
    "realtime_runs",
    "One row per run of a voice conversation.",
    ["realtimeId"],
    {
      realtimeId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that carries it."),
      nativeRealtimeId: optText(
        "The provider's name of the run, where it has one; a provider may use it again for a later run.",
      ),
      callId: optText("JSON text of the call that asked for it."),
      status: text("`requested`, `failed`, `started` or `closed`."),
      reason: optText("Why it closed: `requested`, `transport_closed`, `error`, `replaced` or `session_ended`."),
      evidence: optText("`observed` or `inferred`; null while it lives."),
      lastError: optText("Last error message."),
      version: optText("Protocol version."),
      stopRequested: int("1 once somebody asked to end it."),
      items: int("Voice items seen."),
      utterances: int("Finished transcripts seen."),
      requestedAt: optInt("ms since the epoch."),
      startedAt,
      endedAt,
      sequence,
    },
    { byNativeInSession: ["sessionId", "nativeRealtimeId"] },
  ),
  delegations: define(
    "delegations",
    "One row per hand-over from a voice conversation to the coding agent.",
    ["delegationId"],
    {
      delegationId: text("Our id; the turn's id too, when we route it to an idle thread."),
      threadId: text("Its thread."),
      sessionId: optText("Session it happened in."),
      realtimeId: optText("Its voice run."),
      nativeHandoffId: optText("The provider's id."),
      nativeTurnId: optText(
        "The provider's turn that it names and that has not been seen yet; null once it is linked, or over.",
      ),
      turnId: optText("The turn that works on it."),
      routedBy: text("`provider` or `client`."),
      status: text("`open` or `closed`."),
      cause: optText("Why it closed."),
      text: heavy(optText("What was asked for.")),
      openedAt: optInt("ms since the epoch."),
      endedAt,
      sequence,
    },
    { byNativeInSession: ["sessionId", "nativeHandoffId"] },
    {
      openInTurn: openDelegations.by("threadId", "turnId"),
      openForNativeTurn: openDelegations.by("threadId", "sessionId", "nativeTurnId"),
    },
  ),
  tasks: define(
    "tasks",
    "One row per background task.",
    ["taskId"],
    {
      taskId: text("Our id."),
      threadId: text("Its thread."),
      sessionId: optText("Session that runs it."),
      turnId: optText("Turn that began it."),
      itemId: optText("Item it grew out of."),
      nativeTaskId: optText("The provider's id."),
      kind: optText("The provider's word for its kind."),
      title: optText("One line for a list."),
      processId: optText("Process id."),
      status: text("`running` or `ended`."),
      outcome: optText("`completed`, `failed` or `interrupted`."),
      ...ended,
      startedAt,
      endedAt,
      sequence,
    },
    { byNativeInSession: ["sessionId", "nativeTaskId"] },
    { openInThread: runningTasks.by("threadId") },
  ),
  queue: define("queue", "Messages that wait for their turn; a row leaves with its message.", ["messageId"], {
    messageId: text("Our id."),
    threadId: text("Its thread."),
    position: int("Order in the queue, from 1."),
    text: text("The user's text."),
    settings: optJson("Settings of its turn, in the provider's words."),
    commandId: optText("Command that queued it: what becomes of the message follows from it."),
    queuedAt: optInt("ms since the epoch."),
    sequence,
  }),
  usage: define("usage", "Tokens of a thread: the sum of its turns'. Absent counts are null.", ["threadId"], {
    threadId: text("Its thread."),
    inputTokens: optInt("Prompt tokens, cached ones included."),
    cachedInputTokens: optInt("Prompt tokens from the cache."),
    outputTokens: optInt("Answer tokens, reasoning included."),
    reasoningTokens: optInt("Reasoning tokens."),
    totalTokens: optInt("The provider's totals."),
    contextWindow: optInt("Context window of the model, tokens."),
    last: optJson("What the last model call used, as the provider told it: counts as those of a turn."),
    sequence,
  }),
  anomalies: define("anomalies", "What the fold refused to apply, and why.", ["threadId", "subject", "reason"], {
    threadId: text("The stream: a thread or a connection."),
    subject: text("What it is about, for example `turn:<id>` or `native-turn:<id>`."),
    reason: text("One of the closed list."),
    count: int("How often."),
    firstSequence: derived(int("Sequence of the first one.")),
    lastSequence: derived(int("Sequence of the last one.")),
    detail: optText("One sentence about the last one."),
  }),
}

/** All tables, in an order in which rows of a thread read well. */
export const tableNames = Object.keys(tables) as readonly TableName[]

/** `nativeTurnId` → `native_turn_id`. */
export const columnName = (property: string): string => property.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
