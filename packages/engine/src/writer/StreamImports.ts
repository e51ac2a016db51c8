/**
 * Streams that are being imported from another log, part by part. Such a stream takes nothing but the rest of its import, also after
 * the process was killed: of half a thread it is not known what it waits for, and nothing may act on it.
 */
import type { LogDriver } from "@threadfold/event-log"
import { Option, Schema } from "effect"
import { ThreadIncomplete } from "../Errors.js"
import type { Destination, Refusal, StreamImport, Submission } from "../Submission.js"

/** Where the log keeps them: stream → what is imported into it. There are as many as imports that run or were stopped. */
export const importsKey = "import.streams"

const decode = Schema.decodeUnknownOption(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.String })))

/** The imports of streams that run or were stopped, by their streams. @param stored what the log has under {@link importsKey} */
export const importsOf = (stored: string | null): ReadonlyMap<string, string> =>
  new Map(Object.entries(Option.getOrElse(decode(stored), () => ({}))))

/**
 * A fork that is accepted and not yet copied, as the name of the import into the new stream. It holds all that the copying needs, so that it
 * goes on after the process was killed: the origin, the turn at whose end the fork begins, and the command that asked for it.
 */
export const ForkMark = Schema.Struct({
  kind: Schema.Literal("fork"),
  fromThreadId: Schema.String,
  turnId: Schema.String,
  commandId: Schema.String,
  /** The agent that goes on in the fork; absent: none does. */
  agent: Schema.optional(Schema.String),
})
export type ForkMark = typeof ForkMark.Type

const ForkMarkJson = Schema.parseJson(ForkMark)

/** The name of a fork's import. */
export const encodeForkMark = Schema.encodeSync(ForkMarkJson)
/** What the name of an import says of a fork; none: the import is of another kind. */
export const decodeForkMark = Schema.decodeOption(ForkMarkJson)

export class StreamImports {
  private known: Map<string, string>

  constructor(private readonly driver: LogDriver) {
    this.known = this.stored()
  }

  /** Refuses what is not of the import that a stream is under. Null: it may be written. */
  refusal({ command, drafts, importing }: Submission, streamOf: (to: Destination) => string): Refusal | null {
    if (this.known.size === 0) return null
    const own = (streamId: string): boolean => {
      const importId = this.known.get(streamId)
      return importId === undefined || (importing?.streamId === streamId && importing.importId === importId)
    }
    const streams = [
      ...(command === undefined ? [] : [streamOf(command.to)]),
      ...drafts.map(({ to }) => streamOf(to)),
      ...(importing === undefined ? [] : [importing.streamId]),
    ]
    const threadId = streams.find((streamId) => !own(streamId))
    if (threadId === undefined) return null
    const isFork = Option.isSome(decodeForkMark(this.known.get(threadId) ?? ""))
    return { ok: false, error: new ThreadIncomplete({ threadId, isFork }) }
  }

  /** The fork that a stream is being copied into; null: none. */
  forkOf(fromStreamId: string): string | null {
    for (const [streamId, importId] of this.known) {
      if (Option.exists(decodeForkMark(importId), ({ fromThreadId }) => fromThreadId === fromStreamId)) return streamId
    }
    return null
  }

  /** Notes a part of an import. Only inside the writer's transaction. */
  take({ done, importId, streamId }: StreamImport): void {
    if (done ? !this.known.has(streamId) : this.known.get(streamId) === importId) return
    if (done) this.known.delete(streamId)
    else this.known.set(streamId, importId)
    this.driver.setMeta(importsKey, this.known.size === 0 ? null : JSON.stringify(Object.fromEntries(this.known)))
  }

  /** Forgets what was rolled back. */
  forget(): void {
    this.known = this.stored()
  }

  private stored(): Map<string, string> {
    return new Map(importsOf(this.driver.getMeta(importsKey)))
  }
}
