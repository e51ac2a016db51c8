/** What an import fails with by itself. What the engine refuses it passes on as it is. */
import type { EngineWriter } from "@threadfold/engine"
import { Data, type Effect } from "effect"

/** No reader is for this source. */
export class UnknownSource extends Data.TaggedError("UnknownSource")<{
  readonly source: string
  readonly known: readonly string[]
}> {
  override get message(): string {
    return `There is no source ${JSON.stringify(this.source)}. Known are ${this.known.join(", ")}.`
  }
}

/** The bytes of a recording cannot be had. */
export class RecordingUnreadable extends Data.TaggedError("RecordingUnreadable")<{
  readonly name: string
  /** In the words of the system. */
  readonly reason: string
}> {
  override get message(): string {
    return `${this.name}: ${this.reason}.`
  }
}

/** No line of it leads to an event of the requested source. */
export class NotARecording extends Data.TaggedError("NotARecording")<{
  readonly name: string
  /** Titles of what was looked for. */
  readonly wanted: readonly string[]
  /** What it seems to be instead. */
  readonly seems: string
}> {
  override get message(): string {
    return `${this.name} has no message of ${this.wanted.join(" or ")} about a thread. It seems to be ${this.seems}.`
  }
}

/** Its format is of a version that cannot be read. */
export class RecordingTooNew extends Data.TaggedError("RecordingTooNew")<{
  readonly name: string
  /** The version, and those that can be read. */
  readonly problem: string
}> {
  override get message(): string {
    return `${this.name} has ${this.problem}. A newer Threadfold may read it.`
  }
}

/** The file has lost lines that an earlier import took, or holds others in their place. */
export class RecordingChanged extends Data.TaggedError("RecordingChanged")<{
  readonly name: string
  /** The last line that was taken. */
  readonly line: number
  readonly how: "shorter" | "rewritten"
}> {
  override get message(): string {
    return this.how === "shorter"
      ? `${this.name} ends before line ${this.line}, which an earlier import took.`
      : `The first ${this.line} lines of ${this.name} are not those that an earlier import took.`
  }
}

/** The errors of an import itself. */
export type ImportFailed = NotARecording | RecordingChanged | RecordingTooNew | RecordingUnreadable | UnknownSource

/** The errors of the engine during an import. */
export type EngineFailure =
  | Effect.Effect.Error<ReturnType<EngineWriter["submit"]>>
  | Effect.Effect.Error<ReturnType<EngineWriter["getMeta"]>>
