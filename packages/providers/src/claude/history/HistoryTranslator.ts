/**
 * Translates a session file of Claude Code. The file has no turns: a message of the user begins one, and it ends when the model ends its
 * message, when it is interrupted, or when the next one begins. Lines form a tree by `parentUuid`; where a message goes on from an earlier
 * line, what came after that line was taken back.
 */
import { makeConnectionBase } from "../../runtime/ConnectionBase.js"
import { draftOf, makeSource, type Source } from "../../runtime/Draft.js"
import { type Fact, fact, omitUndefined } from "../../runtime/Fact.js"
import { attempt, type Fields, hintFields, hintNumber, hintText, oneLine } from "../../runtime/readFields.js"
import type { Emitted, EndReason, Fate, Translated } from "../../Translator.js"
import { makeSession, nativeOf } from "../translate/ClaudeSession.js"
import { forgetEnded } from "../translate/claudeTools.js"
import { type HistoryThread, KnownLines, makeHistoryThread } from "./HistoryThread.js"
import { assistantFacts, resultFacts, userItem } from "./historyItems.js"
import { totalOf, usageOfMessage, withMessage } from "./historyUsage.js"
import { blocksOf, type HistoryLine, isInterruptMark, isLocalOutput, textIn } from "./readHistoryLine.js"

/** Translates the lines of one file. */
export interface HistoryTranslator {
  readonly push: (line: HistoryLine, raw: string) => Translated
  readonly flush: () => readonly Emitted[]
  /** Ends the sessions of the file, unless they have ended. Lines may follow: the file has grown. */
  readonly end: (at: number, reason: EndReason) => readonly Emitted[]
}

/** Why a model ends its message and its turn. */
const finalStops: ReadonlySet<unknown> = new Set([
  "end_turn",
  "stop_sequence",
  "max_tokens",
  "refusal",
  "model_context_window_exceeded",
])

/** Lines after which no more of the model's last message comes. */
const afterTurn: ReadonlySet<string> = new Set(["last-prompt", "cost-state", "turn_duration", "stop_hook_summary"])

/** Types of lines that are known and have no place in the read model. */
const knownTypes: ReadonlySet<string> = new Set([
  "agent-name",
  "agent-setting",
  "api-request",
  "api-request-blob",
  "api-request-shape",
  "atis-latch",
  "attachment",
  "attribution-snapshot",
  "content-replacement",
  "cost-state",
  "file-history-snapshot",
  "last-prompt",
  "mode",
  "permission-mode",
  "pr-link",
  "progress",
  "queue-operation",
  "speculation-accept",
  "summary",
  "system",
  "tag",
  "task-summary",
  "tools-used",
  "worktree-state",
])

/** @param ownSession session that the file is named after; undefined: the first that a line names */
export const makeHistoryTranslator = (ownSession?: string): HistoryTranslator => {
  const base = makeConnectionBase("claude", { mode: "imported" })
  const threads = new Map<string, HistoryThread>()
  const lines = new KnownLines()
  let main: string | undefined = ownSession
  let lastAt = 0
  let model: string | undefined

  const record = (source: Source, of: HistoryThread, what: Fact): void =>
    base.push(draftOf(source, of.session.origin, what))

  const keep = (source: Source, of: HistoryThread | null, method: string, known: boolean, problem?: string): Fate => {
    const open = of?.isOpen === true ? of : null
    const what = fact(
      "provider.unmapped",
      { method, known, problem },
      open === null ? undefined : { threadId: open.id },
    )
    base.push(draftOf(source, open?.session.origin ?? base.origin, what))
    return "kept"
  }

  /** The thread of a line: the session itself, or the sub-agent that the line names. Null: it names none. */
  const threadOf = ({ fields, sessionId }: HistoryLine): HistoryThread | null => {
    main ??= sessionId
    if (main === undefined) return null
    const agent = hintText(fields, "agentId")
    const isSide = fields.isSidechain === true
    const before = isSide && agent === undefined ? lines.get(hintText(fields, "parentUuid")) : undefined
    const side = agent ?? before?.thread ?? (isSide ? hintText(fields, "uuid") : undefined)
    const id = !isSide || side === undefined ? main : side.startsWith(`${main}/`) ? side : `${main}/${side}`
    const known = threads.get(id)
    if (known !== undefined) return known
    const made = makeHistoryThread(id, id === main ? undefined : main)
    threads.set(id, made)
    return made
  }

  const native = (of: HistoryThread, itemId?: string) =>
    nativeOf(of.session, of.session.running?.id, itemId === undefined ? {} : { itemId })

  const startTurn = (source: Source, of: HistoryThread, id: string, joined?: true): void => {
    of.session.running = { id, message: undefined, isTaken: true }
    of.lastTurn = id
    of.endedBy = null
    of.usage = null
    record(source, of, fact("turn.started", { joined }, native(of)))
  }

  /** The open session of a thread, opened where there is none: then a turn that was running goes on. */
  const ensureSession = (source: Source, of: HistoryThread, { fields }: HistoryLine): void => {
    if (of.isOpen) return
    if (!base.isOpen()) base.open(source)
    const { running } = of.session
    of.sessions += 1
    of.isOpen = true
    of.configured = ""
    of.session = makeSession(of.id, of.sessions, of.id, { counted: undefined })
    const session = { provider: "claude", mode: "imported", resumed: of.sessions > 1, usageMode: "per-turn" } as const
    record(source, of, fact("session.started", session, { threadId: of.id }))
    const started = { provider: "claude", cwd: hintText(fields, "cwd"), parentNativeThreadId: of.parent }
    record(source, of, fact("thread.started", started, { threadId: of.id }))
    if (running !== null) startTurn(source, of, running.id, true)
  }

  const configure = (source: Source, of: HistoryThread, fields: Fields): void => {
    const said = {
      model,
      cwd: hintText(fields, "cwd"),
      approvalPolicy: hintText(fields, "permissionMode"),
      providerVersion: hintText(fields, "version"),
    }
    const before = of.configured
    // A field that a line does not name keeps its value.
    const text = JSON.stringify({ ...(before === "" ? {} : JSON.parse(before)), ...omitUndefined({ ...said }) })
    if (text === before) return
    of.configured = text
    record(source, of, fact("session.configured", said, { threadId: of.id }))
  }

  /** The copy of a conversation names the session that it was copied from. */
  const linkFork = (source: Source, of: HistoryThread, origin: string | undefined): void => {
    if (origin === undefined || origin === of.id || of.parent !== undefined || of.forkedFrom !== undefined) return
    of.forkedFrom = origin
    record(source, of, fact("thread.started", { forkedFromNativeThreadId: origin }, { threadId: of.id }))
  }

  /** The session that a line was copied from. Undefined: it is no copy. */
  const originOf = ({ fields, sessionId }: HistoryLine): string | undefined => {
    const from =
      hintText(hintFields(fields, "forkedFrom") ?? {}, "sessionId") ?? hintText(fields, "requestSessionId") ?? sessionId
    return from === main ? undefined : from
  }

  const endTurn = (source: Source, of: HistoryThread, what: (ids: ReturnType<typeof native>) => Fact): void => {
    record(source, of, what(native(of)))
    of.session.running = null
    of.endedBy = null
    for (const tool of of.session.tools.values()) tool.isOpen = false
    forgetEnded(of.session)
  }

  /** Ends a turn that the model has ended. */
  const completeTurn = (source: Source, of: HistoryThread, durationMs?: number): void => {
    if (of.session.running === null || of.endedBy === null) return
    endTurn(source, of, (ids) => fact("turn.completed", { outcome: "completed", durationMs }, ids))
  }

  /** Ends a turn of which the file does not tell how it ended. */
  const settle = (source: Source, of: HistoryThread): void => {
    completeTurn(source, of)
    if (of.session.running === null) return
    const ready = { state: "ready", reason: "the next message of the user" } as const
    endTurn(source, of, () => fact("session.state.changed", ready, { threadId: of.id }))
  }

  /** A message that goes on from a line of an earlier turn takes back the turns after that one. */
  const rewind = (source: Source, of: HistoryThread, parent: string | undefined): void => {
    const place = lines.get(parent)
    if (place?.turn === undefined || place.thread !== of.id || place.turn === of.lastTurn) return
    record(source, of, fact("thread.rewound", { keptNativeTurnId: place.turn }, { threadId: of.id }))
  }

  const hasOpenTool = (of: HistoryThread): boolean => [...of.session.tools.values()].some(({ isOpen }) => isOpen)

  const prompt = (source: Source, of: HistoryThread, uuid: string, fields: Fields): Fate => {
    const isInTurn = of.session.running !== null && of.endedBy === null && hasOpenTool(of)
    if (!isInTurn) {
      settle(source, of)
      rewind(source, of, hintText(fields, "parentUuid"))
      startTurn(source, of, uuid)
    }
    record(source, of, userItem(of.session, uuid, fields))
    return "mapped"
  }

  const user = (source: Source, of: HistoryThread, uuid: string, fields: Fields): Fate => {
    const blocks = blocksOf(fields)
    const results = resultFacts(of.session, of.parent ?? of.id, fields, blocks)
    for (const what of results) record(source, of, what)
    if (results.length > 0) return "mapped"
    const text = textIn(blocks)
    if (fields.isCompactSummary === true) {
      record(source, of, fact("compaction.installed", { summary: text }, native(of)))
      return "mapped"
    }
    if (isInterruptMark(text)) {
      if (of.session.running === null) return keep(source, of, "user", true)
      endTurn(source, of, (ids) => fact("turn.completed", { outcome: "interrupted" }, ids))
      return "mapped"
    }
    if (isLocalOutput(text) && of.session.running !== null) {
      record(
        source,
        of,
        fact(
          "item.completed",
          { kind: "other", nativeKind: "local-command", status: "completed", text },
          native(of, uuid),
        ),
      )
      endTurn(source, of, (ids) => fact("turn.completed", { outcome: "completed" }, ids))
      return "mapped"
    }
    if (fields.isMeta === true || blocks.length === 0 || blocks.some(({ type }) => type === "tool_result")) {
      return keep(source, of, "user", true)
    }
    return prompt(source, of, uuid, fields)
  }

  const usage = (source: Source, of: HistoryThread, message: Fields, messageId: string): void => {
    const counts = usageOfMessage(hintFields(message, "usage") ?? {})
    if (Object.keys(counts).length === 0) return
    const before = of.usage
    of.usage = withMessage(before, messageId, counts)
    if (before?.messageId === messageId && JSON.stringify(before.last) === JSON.stringify(counts)) return
    const told = { mode: "per-turn", total: totalOf(of.usage), last: counts } as const
    record(source, of, fact("thread.token-usage.updated", told, native(of)))
  }

  const failTurn = (source: Source, of: HistoryThread, fields: Fields): Fate => {
    const message = oneLine(textIn(blocksOf(fields))) ?? "the model could not be reached"
    const error = omitUndefined({
      message,
      code: hintText(fields, "error") ?? hintText(fields, "apiErrorType"),
      httpStatus: hintNumber(fields, "apiErrorStatus"),
    })
    if (of.session.running === null) {
      record(source, of, fact("runtime.error", { ...error, willRetry: false }, { threadId: of.id }))
    } else endTurn(source, of, (ids) => fact("turn.completed", { outcome: "failed", error }, ids))
    return "mapped"
  }

  const assistant = (source: Source, of: HistoryThread, uuid: string, line: HistoryLine): Fate => {
    const { fields } = line
    const message = hintFields(fields, "message") ?? {}
    const messageId = hintText(message, "id") ?? uuid
    if (fields.isApiErrorMessage === true) return failTurn(source, of, fields)
    if (hintText(message, "model") === "<synthetic>") return keep(source, of, "assistant", true)
    if (of.endedBy !== null && of.endedBy !== messageId) completeTurn(source, of)
    model = hintText(message, "model") ?? model
    configure(source, of, fields)
    if (of.session.running === null) startTurn(source, of, uuid)
    const facts = attempt(() => assistantFacts(of.session, uuid, blocksOf(fields)))
    if ("problem" in facts) return keep(source, of, "assistant", true, facts.problem)
    for (const what of facts.value) record(source, of, what)
    // A copied line counts what another thread used.
    const isCopy = originOf(line) !== undefined
    if (!isCopy) usage(source, of, message, messageId)
    of.endedBy = finalStops.has(message.stop_reason) ? messageId : null
    return facts.value.length === 0 && isCopy ? keep(source, of, "assistant", true) : "mapped"
  }

  const system = (source: Source, of: HistoryThread, uuid: string, fields: Fields): Fate => {
    const subtype = hintText(fields, "subtype") ?? ""
    if (subtype === "compact_boundary") {
      const item = {
        kind: "compaction",
        nativeKind: subtype,
        status: "completed",
        text: null,
        data: hintFields(fields, "compactMetadata"),
      } as const
      record(source, of, fact("item.completed", item, native(of, uuid)))
      return "mapped"
    }
    if (subtype === "api_error") {
      const error = hintFields(fields, "error") ?? {}
      const message =
        oneLine(hintText(error, "formatted") ?? hintText(error, "message")) ?? "the model could not be reached"
      record(
        source,
        of,
        fact("runtime.error", { message, httpStatus: hintNumber(error, "status"), willRetry: true }, native(of)),
      )
      return "mapped"
    }
    if (subtype === "turn_duration" && of.endedBy !== null) {
      completeTurn(source, of, hintNumber(fields, "durationMs"))
      return "mapped"
    }
    return keep(source, of, `system/${subtype}`, true)
  }

  const attachment = (source: Source, of: HistoryThread, uuid: string, fields: Fields): Fate => {
    const { prompt: queued, type } = hintFields(fields, "attachment") ?? {}
    if (type !== "queued_command" || of.session.running === null)
      return keep(source, of, `attachment/${String(type)}`, true)
    const text = typeof queued === "string" ? queued : textIn(blocksOf({ message: { content: queued } }))
    if (text === "") return keep(source, of, "attachment/queued_command", true)
    const item = { kind: "user_message", nativeKind: "queued_command", status: "completed", text } as const
    record(source, of, fact("item.completed", item, native(of, uuid)))
    return "mapped"
  }

  const titled = (source: Source, of: HistoryThread, type: string, fields: Fields): Fate => {
    const title = hintText(fields, "customTitle") ?? hintText(fields, "aiTitle") ?? hintText(fields, "summary")
    // A summary may be of another file's conversation: it names the last line that it sums up.
    const isOfThis = type !== "summary" || lines.get(hintText(fields, "leafUuid"))?.thread === of.id
    if (title === undefined || !isOfThis || !of.isOpen) return keep(source, of, type, true)
    record(source, of, fact("thread.metadata.updated", { title: oneLine(title) }, { threadId: of.id }))
    return "mapped"
  }

  const translate = (source: Source, line: HistoryLine): Fate => {
    const { fields, type } = line
    const of = threadOf(line)
    if (!base.wasSeen()) base.open(source)
    if (of === null) return keep(source, null, type, knownTypes.has(type))
    const marker = type === "system" ? (hintText(fields, "subtype") ?? "") : type
    if (type === "custom-title" || type === "ai-title" || type === "summary") return titled(source, of, type, fields)
    const uuid = hintText(fields, "uuid")
    const isMessage = type === "user" || type === "assistant" || type === "system" || type === "attachment"
    if (!isMessage || uuid === undefined) {
      if (afterTurn.has(marker)) completeTurn(source, of)
      return keep(source, of, type, knownTypes.has(type) || isMessage)
    }
    if (lines.get(uuid)?.thread === of.id) return keep(source, of, type, true)
    ensureSession(source, of, line)
    linkFork(source, of, originOf(line))
    if (type === "user") configure(source, of, fields)
    const before = of.lastTurn
    const fate =
      type === "user"
        ? user(source, of, uuid, fields)
        : type === "assistant"
          ? assistant(source, of, uuid, line)
          : type === "system"
            ? system(source, of, uuid, fields)
            : attachment(source, of, uuid, fields)
    lines.set(uuid, of.id, of.lastTurn ?? before)
    return fate
  }

  return {
    push: (line, raw) => {
      lastAt = line.at ?? lastAt
      const fate = translate(makeSource(lastAt, lastAt, raw), line)
      return { fate, emitted: base.take() }
    },
    flush: () => base.take(),
    end: (at, reason) => {
      const source = makeSource(at, at)
      for (const of of threads.values()) {
        completeTurn(source, of)
        if (!of.isOpen) continue
        record(source, of, fact("session.exited", { reason }, { threadId: of.id }))
        of.isOpen = false
      }
      if (base.isOpen()) base.closed(source, { reason })
      return base.take()
    },
  }
}
