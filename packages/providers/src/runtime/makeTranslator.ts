/**
 * The translator runtime: what every translator does around its protocol. It handles the lines that are no messages (the
 * start and the end of the process, its stderr), releases what is due, and ends the connection. What a message means is
 * the protocol's part.
 */
import { withoutSecrets } from "../redaction/secretValues.js"
import type { Fate, Translator, WireLine } from "../Translator.js"
import { readExit } from "../wire/liveLines.js"
import type { ConnectionBase, Process } from "./ConnectionBase.js"
import { makeSource, type Source, type Unmapped } from "./Draft.js"
import { type Fields, hintNumber, hintTexts } from "./readFields.js"

/** What a protocol adds to the runtime. */
export interface ProtocolParts<P extends Process> {
  readonly connection: Pick<ConnectionBase<P>, "isOpen" | "wasSeen" | "open" | "release" | "nextDeadline" | "take"> & {
    /** Ends every open session, then the connection. A connection ends in no other way. */
    readonly close: ConnectionBase<P>["closed"]
  }
  /** Translates a line that was sent or received. */
  readonly message: (line: WireLine) => Fate
  /** Keeps a line that is no message. */
  readonly keep: (source: Source, unmapped: Unmapped) => Fate
  /** Reads the fields of a `spawn` line. */
  readonly processOf: (fields: Fields) => P
  /** Forgets the calls and requests of the last process: another process follows. */
  readonly forgetProcess: () => void
  /** The `meta` events that this protocol's driver writes besides `spawn` and `exit`. */
  readonly notes?: ReadonlyMap<string, (source: Source, fields: Fields) => Fate>
}

/** The process of a `spawn` line. The command line is in the first of `keys` that holds one. */
export const readProcess = (fields: Fields, keys: readonly string[] = ["args"]): Process => {
  const command = keys.map((key) => hintTexts(fields, key)).find((texts) => texts.length > 0)
  return { pid: hintNumber(fields, "pid"), command: command === undefined ? undefined : withoutSecrets(command) }
}

/** Makes the translator of a protocol. */
export const makeTranslator = <P extends Process>(parts: ProtocolParts<P>): Translator => {
  const { connection, forgetProcess, keep, notes } = parts

  const spawned = (source: Source, fields: Fields): Fate => {
    // A second process starts, and no line showed the end of the first.
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
