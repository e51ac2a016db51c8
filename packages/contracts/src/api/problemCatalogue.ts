/**
 * The problem catalogue. Every error that leaves Threadfold, over HTTP or on the command line, is one of these: a stable slug, a
 * title, and what to do next.
 */
import { channelLimit } from "../Limits.js"
import { callerProblems } from "./callerProblems.js"
import { importProblems } from "./importProblems.js"
import { jobProblems } from "./jobProblems.js"
import { messageProblems } from "./messageProblems.js"

/** A problem as the catalogue has it. */
interface ProblemEntry {
  readonly status: number
  readonly title: string
  /** What to do next. */
  readonly next: string
  /** True: other arguments help; else the world around the caller must change. */
  readonly isOfArguments?: true
  /** True: what was asked is answered: there is no such thing in what was looked at. */
  readonly isFinding?: true
  /** True: the same call may succeed later. */
  readonly mayPass?: true
}

const catalogue = {
  ...callerProblems,
  "not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such route",
    next: "See /docs for the routes.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This route does not take this method",
    next: "See /docs for the methods.",
  },
  "thread-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such thread",
    next: "List the threads with GET /v1/threads or `threadfold threads`.",
  },
  "session-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such session",
    next: "Open it first with PUT /v1/sessions/{sessionId}.",
  },
  "event-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such event",
    next: "List the events with GET /v1/events.",
  },
  "resource-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such thing in this thread",
    next: "List what there is with GET /v1/threads/{threadId}.",
  },
  "before-first-event": {
    status: 404,
    isFinding: true,
    title: "The thread had no event yet",
    next: "Ask for a later moment; the first event of a thread is the first line of `threadfold events --thread ID`.",
  },
  "diff-too-large": {
    status: 413,
    isOfArguments: true,
    title: "The thread is too long for this answer",
    next: "Run `threadfold diff` or `threadfold whatif` on a copy of the database, with --db FILE, or compare single lists with `at`.",
  },
  "turn-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such turn",
    next: "List the turns of a thread with GET /v1/threads/{threadId}/turns.",
  },
  "request-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such request",
    next: "List what waits for an answer with GET /v1/requests?status=open or `threadfold requests`.",
  },
  "session-conflict": {
    status: 409,
    isOfArguments: true,
    title: "The session exists with other content",
    next: "Use a new session id, or the one the first call named.",
  },
  "thread-busy": {
    status: 409,
    isOfArguments: true,
    title: "The thread has a live session",
    next: "Stop that session first, or wait until it ends.",
  },
  "thread-conflict": {
    status: 409,
    isOfArguments: true,
    title: "The thread exists with other content",
    next: "Use a new thread id, or what the first call said.",
  },
  "thread-not-run": {
    status: 409,
    isOfArguments: true,
    title: "Threadfold does not run this thread's agent",
    next: "Create a thread with an agent: POST /v1/threads. A recording takes no message, answer or interrupt; a thread that an adapter feeds takes answers, interrupts and stops, and no message.",
  },
  "thread-read-only": {
    status: 409,
    isOfArguments: true,
    title: "The thread is read-only",
    next: "It is a fork, which takes no message and no session. Send to the thread that it was made of (`forkedFromThreadId`).",
  },
  "thread-purged": {
    status: 410,
    isOfArguments: true,
    title: "The thread was purged",
    next: "Its content is gone for good; a bundle or a backup from before may still hold it. GET /v1/threads/{threadId}/purge has the tombstone.",
  },
  "agent-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no agent of this name",
    next: "GET /v1/agents lists the agents; `threadfold doctor` says which ones are missing and how to get them.",
  },
  "request-ended": {
    status: 409,
    isOfArguments: true,
    title: "The request was answered otherwise, or has ended",
    next: "Read the request again; the agent has gone on.",
  },
  "answer-not-taken": {
    status: 400,
    title: "The question cannot take this answer",
    next: "Answer with one of the choices that `detail` lists. The question is still open.",
  },
  "command-conflict": {
    status: 409,
    title: "This command was given before with other content",
    next: "Use a new Idempotency-Key for a new command.",
  },
  "effect-conflict": {
    status: 409,
    title: "The effect is not in the expected state",
    next: "Read it again: another process has taken or ended it.",
  },
  "agent-failed": {
    status: 502,
    title: "The agent could not be started or reached",
    next: "`threadfold doctor` says what is installed and what is missing.",
  },
  "precondition-failed": {
    status: 412,
    title: "The resource has changed",
    next: "Read it again and send its new ETag in If-Match.",
  },
  "payload-too-large": {
    status: 413,
    title: "The body is too large",
    next: "Send less in one call: fewer events, or a smaller image.",
  },
  "line-too-long": {
    status: 413,
    title: "The line is too long",
    next: "Its head, length and digest are kept. Send long content in several events.",
  },
  "line-not-json": {
    status: 400,
    title: "The line is no JSON",
    next: "Send one JSON object a line, without line breaks in it.",
  },
  "line-too-deep": {
    status: 400,
    title: "The JSON is nested too deeply",
    next: "Nest arrays and objects at most 512 levels deep; send deeper data as a text.",
  },
  "line-too-many-values": {
    status: 400,
    title: "The JSON has too many values",
    next: "Send at most 20,000 values, members and entries together; send more of them as a text, or in several events.",
  },
  "unknown-field": {
    status: 400,
    title: "A field of the line is not known",
    next: "The line was stored and the field means nothing here: compare its name with those of the envelope. It is kept in the native message.",
  },
  "line-not-unicode": {
    status: 400,
    title: "A text is not valid Unicode",
    next: "Send UTF-8 without half surrogate pairs, but where a piece of streamed text is cut.",
  },
  "number-out-of-range": {
    status: 400,
    title: "A number is too large to be kept",
    next: "Send numbers that fit a double; send larger ones as a text.",
  },
  "not-an-event": {
    status: 400,
    title: "The line is no event",
    next: "Correct the field that `place` names; docs/reference/events.md shows the envelope.",
  },
  "payload-invalid": {
    status: 400,
    title: "The payload is not what the event type says",
    next: "Correct the field that `place` names; docs/reference/events.md shows the payloads.",
  },
  "type-reserved": {
    status: 400,
    title: "Events of this type are Threadfold's own",
    next: "Send provider events; give commands over the API.",
  },
  "channel-limit": {
    status: 429,
    title: "The session has as many channels as it may",
    next: `A session has at most ${channelLimit} channels: number these events in one of them. They are not kept.`,
  },
  "channel-reserved": {
    status: 400,
    title: "Adapters do not push on this channel",
    next: "Use agent, gateway, realtime or adapter:<name>.",
  },
  "seq-conflict": {
    status: 409,
    title: "The number is taken by other content",
    next: "Give every event of a channel a number of its own; repeat an event unchanged.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "This content type is not taken",
    next: "Send application/json or application/x-ndjson.",
  },
  "invalid-request": {
    status: 400,
    isOfArguments: true,
    title: "The request is not what the API says",
    next: "Correct what `detail` names; /docs shows the shape.",
  },
  "invalid-cursor": {
    status: 400,
    isOfArguments: true,
    title: "The cursor cannot be read",
    next: "Take cursors from an earlier answer, unchanged, for the same list.",
  },
  "range-not-reached": {
    status: 503,
    mayPass: true,
    title: "The log has not reached that sequence yet",
    next: "Try again; the Sequence header says how far it is.",
  },
  "too-many-requests": {
    status: 429,
    mayPass: true,
    title: "Too much at once",
    next: "Wait as Retry-After says, then send the same call again.",
  },
  unavailable: {
    status: 503,
    mayPass: true,
    title: "The service cannot answer now",
    next: "Try again; GET /readyz says when it can.",
  },
  internal: {
    status: 500,
    title: "Something broke in the server",
    next: "Nothing was changed. Look at the server's stderr and report it.",
  },
  "data-directory-owned": {
    status: 503,
    title: "Another process owns the data directory",
    next: "Stop that process, or name another directory with --data-dir.",
  },
  "address-taken": {
    status: 503,
    title: "The address cannot be listened on",
    next: "Name another port with --port, or end the program that listens there. Port 0 takes a free one.",
  },
  "platform-unsupported": {
    status: 501,
    title: "This platform is not supported",
    next: "docs/platforms.md lists what is supported. Here commands that only look at a copy (`--db FILE`) work.",
  },
  "server-not-running": {
    status: 503,
    title: "No server runs on the data directory",
    next: "Start one with `threadfold serve`, then try again.",
  },
  "invalid-configuration": {
    status: 503,
    title: "The configuration cannot be used",
    next: "Correct what `detail` names; docs/how-to/agents.md shows the fields, `threadfold doctor` checks them.",
  },
  "database-not-found": {
    status: 404,
    title: "There is no database there",
    next: "Name a data directory or file that `threadfold serve` or `import` made.",
  },
  "database-too-new": {
    status: 503,
    title: "The database was written by a newer version",
    next: "Use that version; this one changed nothing.",
  },
  "database-unreadable": {
    status: 503,
    title: "The file is not a Threadfold database",
    next: "Name another file, or restore it from a backup.",
  },
  "database-damaged": {
    status: 503,
    title: "The database is damaged",
    next: "Nothing was changed. Restore a backup, or copy what can be read into a new log with `threadfold salvage --db FILE OUT`.",
  },
  "storage-failed": {
    status: 503,
    mayPass: true,
    title: "The database refused to write",
    next: "Nothing of this call was stored. See `detail` (a full disk, a read-only file), then try again.",
  },
  "disk-full": {
    status: 507,
    mayPass: true,
    title: "The disk is full, or nearly",
    next: "Nothing of this call was stored. Make room on the disk, then try again; reads still work.",
  },
  "storage-read-only": {
    status: 503,
    mayPass: true,
    title: "The data directory cannot be written to",
    next: "Mount it writable, or read it: every command that only looks takes --db FILE.",
  },
  "storage-uncertain": {
    status: 503,
    title: "It is not certain that this was kept",
    next: "The files of the database changed under the server. Look at GET /readyz, stop the server, put the files back or restore a backup, then send it again with the same key.",
  },
  "storage-lost": {
    status: 503,
    title: "The files of the database are not those that were opened",
    next: "Nothing of this call was stored. Stop the server, put the files back or restore a backup, then start it; `threadfold salvage` reads what is left of a damaged file.",
  },
  "command-not-found": {
    status: 404,
    title: "There is no such command",
    next: "Take `commandId` from the receipt of a command; receipts are kept for 7 days.",
  },
  ...importProblems,
  ...jobProblems,
  ...messageProblems,
  "voice-refused": {
    status: 400,
    isOfArguments: true,
    title: "The voice conversation does not take this",
    next: "Change what `detail` names; `GET /v1/threads/{threadId}/realtime/voices` lists the voices. A live conversation goes on.",
  },
  "voice-not-live": {
    status: 409,
    title: "The thread has no live voice conversation",
    next: "Start one with POST /v1/threads/{threadId}/realtime/start, or with `threadfold talk`.",
  },
  "voice-busy": {
    status: 409,
    title: "Too many voice conversations",
    next: "Stop one of them with POST /v1/threads/{threadId}/realtime/stop.",
    mayPass: true,
  },
  "voice-failed": {
    status: 502,
    title: "The voice conversation failed",
    next: "Look at `detail`: key, address and model of the realtime model. Then start it again.",
  },
} as const satisfies Readonly<Record<string, ProblemEntry>>

/** The name of a problem in the catalogue. */
export type ProblemSlug = keyof typeof catalogue

/** The problems by their slugs. */
export const problems: { readonly [Slug in ProblemSlug]: ProblemEntry } = catalogue
