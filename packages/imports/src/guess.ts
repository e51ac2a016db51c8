/** What a file seems to be that is no recording of the requested kind. The refusal has it. */
import { isUtf8 } from "node:buffer"
import { readJson } from "@threadfold/contracts"
import {
  clientRequestMethods,
  serverNotificationMethods,
  serverRequestMethods,
  traceVersions,
  unknownTraceVersion,
} from "@threadfold/providers"

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const codexMethods: ReadonlySet<string> = new Set<string>([
  ...clientRequestMethods,
  ...serverNotificationMethods,
  ...serverRequestMethods,
])

/** Whether a line of a recording is one of Codex. The handshake of ACP has the same name, and names its protocol's version. */
const isOfCodex = ({ msg }: Readonly<Record<string, unknown>>): boolean =>
  isRecord(msg) &&
  typeof msg.method === "string" &&
  codexMethods.has(msg.method) &&
  !(isRecord(msg.params) && Object.hasOwn(msg.params, "protocolVersion"))

/** What a file with this line may be. */
const ofLine = (line: Readonly<Record<string, unknown>>): string => {
  const has = (...names: readonly string[]) => names.every((name) => Object.hasOwn(line, name))
  if (line.type === "session_meta" || has("timestamp", "type", "payload")) return "a rollout file of Codex"
  if (has("schema_version", "seq", "payload")) {
    const { schema_version: version } = line
    return traceVersions.some((known) => known === version)
      ? "the log of a rollout trace of Codex"
      : `a file of ${unknownTraceVersion(version)}`
  }
  if (has("uuid", "parentUuid", "sessionId")) return "a session file of Claude Code"
  if (line.type === "system" && has("subtype")) return "the stream-json output of Claude Code"
  if (has("sequence", "streamId", "eventId")) return "events of a Threadfold log"
  if (has("type", "channel", "seq")) return "events for an attached session"
  if (line.jsonrpc === "2.0")
    return "JSON-RPC messages without the time and direction of a recording, for example of an ACP agent"
  if (has("ts", "dir")) return "a recording, but of another agent: no message of it is one of Codex app-server's"
  return "lines of JSON of another kind"
}

const magics: readonly (readonly [readonly number[], string])[] = [
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], "a SQLite database"],
  [[0x1f, 0x8b], "compressed with gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive"],
]

/** What a file seems to be. @param head its first bytes; `isWhole`: they are all of it */
export const guessOf = (head: Buffer, isWhole: boolean): string => {
  if (head.length === 0) return "an empty file"
  const magic = magics.find(([bytes]) => bytes.every((byte, index) => head[index] === byte))
  if (magic !== undefined) return magic[1]
  const lastLine = head.lastIndexOf(0x0a)
  const lines = head.subarray(0, isWhole || lastLine === -1 ? head.length : lastLine)
  if (head.includes(0) || (isWhole && !isUtf8(head)) || (lastLine !== -1 && !isUtf8(lines))) return "a binary file"
  const texts = lines
    .toString("utf8")
    .split("\n")
    .filter((text) => text.trim() !== "")
  if (texts.length === 0) return "blank lines"
  const read = texts.flatMap((text) => {
    const one = readJson(text.trim())
    // Our own lines stand before those of a trace.
    return "value" in one && isRecord(one.value) && !Object.hasOwn(one.value, "threadfold") ? [one.value] : []
  })
  if (read.some(isOfCodex)) return "a recording of Codex app-server in which nothing is said about a thread"
  const [first] = read
  // A text may quote a line of JSON.
  if (first !== undefined && read.length * 2 > texts.length) return ofLine(first)
  return /^\s*[[{]/.test(texts[0] ?? "")
    ? "one JSON document, or lines of JSON that are broken"
    : "a text that is no JSON"
}
