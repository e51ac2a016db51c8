/**
 * A bundle of a rollout trace as a recording: the folder that Codex writes, read as one stream of lines (see `traceStream`). A body is
 * read when the line that names it is, piece by piece, and once, however many lines name it. What a bundle names is opened below its
 * folder and nowhere else.
 */
import { createHash } from "node:crypto"
import type { FileHandle } from "node:fs/promises"
import { payloadRefs, readTraceLine } from "@threadfold/providers"
import { Stream } from "effect"
import { RecordingUnreadable } from "../failures.js"
import { type Line, Splitter } from "../lines.js"
import { CannotOpen, openInside } from "../openInside.js"
import type { Recording } from "../recognize.js"
import { traceLogName, traceManifestName } from "../sources.js"
import { logLine, partLine } from "./traceStream.js"

/** Bytes of a file that are read at a time, and UTF-16 units of lines that are passed on together. */
const pieceBytes = 256 * 1024
/** Longest manifest that is read, bytes. Codex's have some 300. */
const longestManifest = 1024 * 1024

/** The pieces of an open file, one after the other. It is closed at the end. @param from where to begin, bytes */
async function* piecesOf(handle: FileHandle, from = 0): AsyncGenerator<Uint8Array> {
  try {
    for (let position = from; ; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Where a bundle lies. */
interface Place {
  readonly folder: string
  /** A folder around it that must hold all that is opened. */
  readonly root: string
}

const whyNot = (error: unknown): string => (error instanceof CannotOpen ? error.why : "cannot be read")

/** The lines of a body. */
async function* bodyLines({ folder, root }: Place, path: string): AsyncGenerator<string> {
  let handle: FileHandle
  try {
    handle = await openInside(folder, path, root)
  } catch (error) {
    yield partLine({ threadfold: "body-end", path, problem: whyNot(error) })
    return
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  const hash = createHash("sha256")
  let bytes = 0
  try {
    for await (const piece of piecesOf(handle)) {
      hash.update(piece)
      bytes += piece.length
      yield partLine({ threadfold: "body", path, text: decoder.decode(piece, { stream: true }) })
    }
    const left = decoder.decode()
    if (left !== "") yield partLine({ threadfold: "body", path, text: left })
    yield partLine({ threadfold: "body-end", path, bytes, sha256: hash.digest("hex") })
  } catch {
    yield partLine({ threadfold: "body-end", path, problem: "cannot be read to its end" })
  }
}

/** The manifest as text, or why there is none. */
const readManifest = async ({
  folder,
  root,
}: Place): Promise<{ readonly text: string } | { readonly problem: string }> => {
  try {
    const handle = await openInside(folder, traceManifestName, root)
    try {
      const buffer = Buffer.alloc(longestManifest)
      const { bytesRead } = await handle.read(buffer, 0, longestManifest, 0)
      return { text: buffer.toString("utf8", 0, bytesRead) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return { problem: `${traceManifestName} ${whyNot(error)}` }
  }
}

/** The log that a manifest names. */
const logOf = (manifest: string): string => {
  try {
    const parsed: unknown = JSON.parse(manifest)
    const named = typeof parsed === "object" && parsed !== null && "raw_event_log" in parsed && parsed.raw_event_log
    return typeof named === "string" ? named : traceLogName
  } catch {
    return traceLogName
  }
}

/** The lines of a bundle that may grow. What is open of it between two looks is nothing: a bundle may be moved or removed. */
class BundleLines {
  private readonly splitter = new Splitter()
  private readonly sent = new Set<string>()
  private position = 0
  /** Name of its log; null: not looked for yet. */
  private name: string | null = null

  /** @param log the name of the log; null: as the manifest says */
  constructor(
    private readonly place: Place,
    private readonly log: string | null,
  ) {}

  /** The whole lines that have come since the last look. */
  async *more(): AsyncGenerator<string> {
    if (this.name === null) {
      const manifest = await readManifest(this.place)
      this.name = this.log ?? ("text" in manifest ? logOf(manifest.text) : traceLogName)
      yield partLine({ threadfold: "manifest", ...manifest })
    }
    const handle = await openInside(this.place.folder, this.name, this.place.root)
    for await (const piece of piecesOf(handle, this.position)) {
      this.position += piece.length
      for (const line of this.splitter.push(piece)) yield* this.linesOf(line)
    }
  }

  /** All lines, the last one also where it is cut. */
  async *all(): AsyncGenerator<string> {
    yield* this.more()
    for (const line of this.splitter.end()) yield* this.linesOf(line)
  }

  /** A line, behind the bodies that it is the first to name. */
  private async *linesOf(line: Line): AsyncGenerator<string> {
    if (line.isTooLong) return yield partLine({ threadfold: "long-line", bytes: line.bytes })
    const read = readTraceLine(line.text)
    for (const { path } of "problem" in read ? [] : payloadRefs(read)) {
      if (this.sent.has(path)) continue
      this.sent.add(path)
      yield* bodyLines(this.place, path)
    }
    yield `${logLine(line.text)}${line.whole ? "\n" : ""}`
  }
}

/** Lines together, so that a stream has few pieces. */
async function* together(lines: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  let waiting: string[] = []
  let length = 0
  for await (const line of lines) {
    waiting.push(line)
    length += line.length
    if (length < pieceBytes) continue
    yield Buffer.from(waiting.join(""))
    waiting = []
    length = 0
  }
  if (length > 0) yield Buffer.from(waiting.join(""))
}

/**
 * The bundle in a folder.
 *
 * @param log the name of its log in the folder; null: as its manifest says
 * @param name how it is named in reports
 * @param root a folder around it that must hold all that is opened
 */
export const traceBundle = (folder: string, log: string | null, name = folder, root = folder): Recording => {
  const streamOf = (lines: () => AsyncGenerator<string>) =>
    Stream.suspend(() =>
      Stream.fromAsyncIterable(
        together(lines()),
        (error) =>
          new RecordingUnreadable({
            name,
            reason: error instanceof CannotOpen ? error.message.replace(/\.$/, "") : String(error),
          }),
      ),
    )
  const linesOf = () => new BundleLines({ folder, root }, log)
  return {
    name,
    bytes: streamOf(() => linesOf().all()),
    follow: () => {
      const lines = linesOf()
      return streamOf(() => lines.more())
    },
  }
}
