/**
 * Forks that are accepted and not yet copied. The new stream is one that is being imported, from the commit of the command on: the name of
 * its import holds all that the copying needs, so that it goes on after the process was killed.
 */
import type { CommandOf } from "@threadfold/contracts"
import {
  decodeForkMark,
  type EngineStopped,
  type EngineWriter,
  encodeForkMark,
  type ForkMark,
  importsKey,
  importsOf,
  type StreamImport,
} from "@threadfold/engine"
import { Effect, Option } from "effect"

/** A fork that is to be copied. */
export interface Fork extends ForkMark {
  /** The new thread. */
  readonly threadId: string
  /** Name of its import. */
  readonly importId: string
}

/** What the command submits beside itself: the new stream is kept for the copy. */
export const beginningOf = (
  { agent, intoThreadId, threadId, turnId }: CommandOf<"thread.fork">,
  commandId: string,
): StreamImport => ({
  streamId: intoThreadId,
  importId: encodeForkMark({ kind: "fork", fromThreadId: threadId, turnId, commandId, agent: agent ?? undefined }),
  done: false,
})

/** The forks whose copies are not whole. */
export const pendingForks = (writer: EngineWriter): Effect.Effect<readonly Fork[], EngineStopped> =>
  Effect.map(writer.getMeta(importsKey), (stored) =>
    [...importsOf(stored)].flatMap(([threadId, importId]) =>
      Option.toArray(Option.map(decodeForkMark(importId), (mark): Fork => ({ ...mark, threadId, importId }))),
    ),
  )
