/**
 * Maps a source's names to ours: the connection, thread and session of each emitted event. Pure; the ids come from the caller, so
 * that an import mints the same ones every time and a live connection mints new ones.
 */
import type { Emitted } from "@threadfold/contracts"
import type { EventDraft } from "../Submission.js"

/** How a connection's things are named. */
export interface ConnectionNames {
  /** Id of the connection and of its stream. */
  readonly connectionId: string
  /**
   * Kind of the source, for example `codex-app-server`: one thread per (source kind, native thread). Two sources of one
   * native thread are two threads.
   */
  readonly sourceKind: string
  /** True for a recording: what the client sent has the actor `import`, and a live session refuses it. */
  readonly imported: boolean
  /** Id for a thread that no earlier connection has named. */
  readonly threadId: (nativeThreadId: string, at: number) => string
  /** Id of a session: the `ordinal`th incarnation of a native thread on this connection. */
  readonly sessionId: (nativeThreadId: string, ordinal: number, at: number) => string
}

/** The permanent key of one native thread of one kind of source. */
export const threadKey = (sourceKind: string, nativeThreadId: string): string => `${sourceKind}|${nativeThreadId}`

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The mapping of one connection; it remembers the ids that it made. */
export class ConnectionIngestion {
  private readonly threads = new Map<string, string>()
  private readonly sessions = new Map<string, string>()

  constructor(private readonly names: ConnectionNames) {}

  /** The drafts that events of this connection become, in the same order. */
  drafts(emitted: readonly Emitted[]): readonly EventDraft[] {
    return emitted.map((one) => this.draftOf(one))
  }

  private draftOf({ scope, actor, event }: Emitted): EventDraft {
    const { connectionId, imported, sourceKind } = this.names
    const by = actor === "client" && imported ? "import" : actor
    if (scope.kind === "connection") return { to: { streamId: connectionId }, sessionId: null, actor: by, event }
    const { nativeThreadId, session } = scope
    const streamId = remember(this.threads, nativeThreadId, () => this.names.threadId(nativeThreadId, event.at))
    const sessionId = remember(this.sessions, `${session}|${nativeThreadId}`, () =>
      this.names.sessionId(nativeThreadId, session, event.at),
    )
    return {
      to: { streamId, key: threadKey(sourceKind, nativeThreadId) },
      sessionId,
      actor: by,
      event:
        event.type === "session.started"
          ? { ...event, payload: { ...(isRecord(event.payload) ? event.payload : {}), connectionId } }
          : event,
    }
  }
}

const remember = (known: Map<string, string>, key: string, make: () => string): string => {
  const before = known.get(key)
  if (before !== undefined) return before
  const fresh = make()
  known.set(key, fresh)
  return fresh
}
