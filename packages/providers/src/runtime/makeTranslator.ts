/**
 * The outside of every translator: lines that are no messages (the process's start and end, its stderr), what waits and
 * falls due, and the end. What the messages of a protocol mean is its own affair.
 */

import { withoutSecrets } from "../redaction/secretValues.js"
import type { Fate, Translator, WireLine } from "../Translator.js"
import { readExit } from "../wire/liveLines.js"
import type { makeConnectionBase, Process } from "./ConnectionBase.js"
import type { Unmapped } from "./keep.js"
import { type Fields, hintNumber, hintTexts } from "./readFields.js"
import { makeSource, type Source } from "./Source.js"

type Base<P extends Process> = ReturnType<typeof makeConnectionBase<P>>

/** What a protocol puts into the shell. */
export interface ShellParts<P extends Process> {
  readonly connection: Pick<Base<P>, "isOpen" | "wasSeen" | "open" | "release" | "nextDeadline" | "take"> & {
    /** The one way in which a connection ends: every open session, then the connection itself. */
    readonly close: Base<P>["closed"]
  }
  /** Takes a line that was sent or received. */
  readonly message: (line: WireLine) => Fate
  /** Keeps a line that is no message. */
  readonly keep: (source: Source, unmapped: Unmapped) => Fate
  /** Reads what a `spawn` line says. */
  readonly processOf: (fields: Fields) => P
  /** The process is another one from here on: what the last one was asked is void. */
  readonly forgetProcess: () => void
  /** `meta` events that this protocol's driver notes, besides `spawn` and `exit`. */
  readonly notes?: ReadonlyMap<string, (source: Source, fields: Fields) => Fate>
}

/** The process of a `spawn` line. Its command line is in `args`, or in the first of `keys` that says one. */
export const readProcess = (fields: Fields, keys: readonly string[] = ["args"]): Process => {
  const command = keys.map((key) => hintTexts(fields, key)).find((texts) => texts.length > 0)
  return { pid: hintNumber(fields, "pid"), command: command === undefined ? undefined : withoutSecrets(command) }
}

/** A translator, of what a protocol says about its messages. */
export const inShell = <P extends Process>(parts: ShellParts<P>): Translator => {
  const { connection, forgetProcess, keep, notes } = parts

  const spawned = (source: Source, fields: Fields): Fate => {
    // A second process without an end of the first: nobody saw it go.
    if (connection.isOpen()) connection.close(source, { reason: "transport-closed" })
    forgetProcess()
    connection.open(source, parts.processOf(fields))
    return "mapped"
  }

  const exited = (source: Source, fields: Fields): Fate => {
    if (!connection.isOpen()) {
      return keep(source, { method: "meta:exit", known: true, problem: "the connection had ended already" })
    }
    const { asked, ...exit } = readExit(fields)
    connection.close(source, { ...exit, reason: asked ? "stopped" : "exit" })
    forgetProcess()
    return "mapped"
  }

  const meta = (source: Source, event: string, fields: Fields): Fate => {
    if (event === "spawn") return spawned(source, fields)
    if (!connection.wasSeen()) connection.open(source)
    if (event === "exit") return exited(source, fields)
    return notes?.get(event)?.(source, fields) ?? keep(source, { method: `meta:${event}`, known: true })
  }

  const note = (line: WireLine): Fate => {
    const source = makeSource(line.at, line.at, line.raw)
    if (line.dir === "meta") return meta(source, line.event ?? "", line.fields ?? {})
    if (!connection.wasSeen()) connection.open(source)
    return keep(source, { method: line.dir, known: line.dir === "stderr" })
  }

  return {
    push: (line) => {
      connection.release((deadline) => deadline < line.at)
      const fate = line.dir === "send" || line.dir === "recv" ? parts.message(line) : note(line)
      return { fate, emitted: connection.take() }
    },
    nextDeadline: connection.nextDeadline,
    tick: (now) => {
      connection.release((deadline) => deadline <= now)
      return connection.take()
    },
    flush: () => {
      connection.release(() => true)
      return connection.take()
    },
    end: (at, reason) => {
      connection.release(() => true)
      if (connection.isOpen()) connection.close(makeSource(at, at), { reason })
      return connection.take()
    },
  }
}
