/**
 * Translates a rollout file: what Codex keeps of a thread. The file says what was done, not all that happened: no start of an item, no
 * approval, no streamed piece, and mostly no end of a process. What it does not say is not made up: a turn without an end is open until
 * the file shows that it cannot be running any more.
 */

import { makeConnectionBase } from "../../runtime/ConnectionBase.js"
import { draftOf, makeOrigin, makeSource, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import { attempt, type Fields, hintFields, hintJson, hintNumber, hintText } from "../../runtime/readFields.js"
import type { Emitted, EndReason, Fate, Translated } from "../../Translator.js"
import type { RolloutThread, RolloutTurn } from "./RolloutThread.js"
import type { RolloutLine } from "./readRolloutLine.js"
import { messageOf, turnFailure } from "./responseItems.js"
import { compacted, eventReaders, type Reader, responseReaders } from "./rolloutEvents.js"

/** Translates the lines of one file. */
export interface RolloutTranslator {
  /** Time of a line: its own, or for one that has none that of the line before it. */
  readonly timeOf: (line: RolloutLine) => number
  readonly push: (line: RolloutLine, raw: string) => Translated
  readonly flush: () => readonly Emitted[]
  /** Ends the session of the thread, unless it has ended. Lines may follow: the file has grown. */
  readonly end: (at: number, reason: EndReason) => readonly Emitted[]
}

/** The time in a UUIDv7, ms since the epoch. Undefined: it is none. */
const uuidTime = (id: string | undefined): number | undefined =>
  id !== undefined && /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined

/** The parent of a thread that another one started. */
const parentOf = (meta: Fields): string | undefined => {
  const source = hintFields(hintFields(meta, "source") ?? {}, "subagent") ?? {}
  return hintText(meta, "parent_thread_id") ?? hintText(hintFields(source, "thread_spawn") ?? {}, "parent_thread_id")
}

/** Copies of a thread's lines are written at once: a line that comes later than this after the first copy is none, ms. */
const copyingMs = 1_000

const starts: ReadonlySet<string> = new Set(["task_started", "turn_started"])
const ends: ReadonlySet<string> = new Set(["task_complete", "turn_complete"])

export const makeRolloutTranslator = (): RolloutTranslator => {
  const base = makeConnectionBase("codex", { mode: "imported" })
  let thread: RolloutThread | null = null
  let lastAt = 0

  const record = (source: Source, of: RolloutThread, what: Fact): void => base.push(draftOf(source, of.origin, what))

  const keep = (source: Source, method: string, known: boolean, problem?: string): Fate => {
    const what = fact(
      "provider.unmapped",
      { method, known, problem },
      thread === null ? undefined : { threadId: thread.id },
    )
    base.push(draftOf(source, thread?.isOpen === true ? thread.origin : base.origin, what))
    return "kept"
  }

  const openSession = (source: Source, of: RolloutThread): void => {
    if (!base.isOpen()) base.open(source)
    of.sessions += 1
    of.isOpen = true
    of.configured = ""
    of.origin = makeOrigin({ kind: "session", nativeThreadId: of.id, session: of.sessions })
    const session = {
      provider: "codex",
      mode: "imported",
      resumed: of.sessions > 1,
      usageMode: "cumulative-thread",
    } as const
    record(source, of, fact("session.started", session, { threadId: of.id }))
  }

  /** The session of the thread, opened where there is none: then a turn that was running goes on. */
  const ensureSession = (source: Source, of: RolloutThread): void => {
    if (of.isOpen) return
    openSession(source, of)
    if (of.running?.isTold === true) {
      record(source, of, fact("turn.started", { joined: true }, { threadId: of.id, turnId: of.running.id }))
    } else of.running = null
  }

  const closeSession = (
    source: Source,
    of: RolloutThread,
    reason: "recording-ended" | "exit" | "transport-closed",
    message?: string,
  ): void => {
    record(source, of, fact("session.exited", { reason, message }, { threadId: of.id }))
    of.isOpen = false
    of.calls.clear()
    of.inner.clear()
  }

  const startTurn = (source: Source, of: RolloutThread, turn: RolloutTurn): void => {
    of.running = turn
    record(source, of, fact("turn.started", { model: of.model }, { threadId: of.id, turnId: turn.id }))
  }

  /** The turn that content belongs to: the one it names, or the running one. In files that name no turns it begins one. */
  const turnOf = (source: Source, of: RolloutThread, named: string | undefined): string | undefined => {
    if (named !== undefined && named !== "") return of.inner.has(named) ? of.running?.id : named
    if (of.running === null && !of.hasItems) {
      of.turns += 1
      startTurn(source, of, { id: `turn-${of.turns}`, isTold: false })
    }
    return of.running?.id
  }

  /** Ends a turn whose end the file does not tell: a message of the user shows that it is over, and not how it ended. */
  const settle = (source: Source, of: RolloutThread): void => {
    record(
      source,
      of,
      fact("session.state.changed", { state: "ready", reason: "the next message of the user" }, { threadId: of.id }),
    )
    of.running = null
    of.calls.clear()
  }

  const meta = (source: Source, payload: Fields): Fate => {
    const id = hintText(payload, "id") ?? hintText(payload, "session_id")
    if (id === undefined) return keep(source, "session_meta", true, "id: expected a text")
    if (thread !== null) {
      // A copied thread repeats the metadata of the one it was copied from.
      if (thread.id !== id && thread.copiedAt === null) {
        thread.isCopy = true
        thread.copiedAt = source.at
      }
      return keep(source, "session_meta", true)
    }
    const parent = parentOf(payload)
    thread = {
      id,
      origin: base.origin,
      sessions: 0,
      isOpen: false,
      hasItems: payload.history_mode === "paginated",
      isSpawned: parent !== undefined,
      startsAt: hintNumber(payload, "subagent_history_start_ordinal"),
      isCopy: false,
      copiedAt: null,
      turns: 0,
      items: 0,
      running: null,
      inner: new Set(),
      calls: new Map(),
      model: hintText(payload, "model"),
      configured: "",
      version: hintText(payload, "cli_version"),
    }
    if (thread.version !== undefined) base.setVersion(thread.version)
    openSession(source, thread)
    const started = {
      provider: "codex",
      title:
        parent === undefined ? undefined : (hintText(payload, "agent_path") ?? hintText(payload, "agent_nickname")),
      cwd: hintText(payload, "cwd"),
      parentNativeThreadId: parent,
      forkedFromNativeThreadId: parent === undefined ? hintText(payload, "forked_from_id") : undefined,
    }
    record(source, thread, fact("thread.started", started, { threadId: id }))
    return "mapped"
  }

  /** Whether a line is the first of the thread's own after copies of another's. */
  const isOwn = (of: RolloutThread, { at, ordinal, payload }: RolloutLine): boolean => {
    if (of.startsAt !== undefined && ordinal !== undefined) return ordinal >= of.startsAt
    if (hintText(payload, "thread_id") === of.id) return true
    const begun = uuidTime(of.id)
    const turn = starts.has(hintText(payload, "type") ?? "") ? uuidTime(hintText(payload, "turn_id")) : undefined
    if (begun !== undefined && turn !== undefined) return turn >= begun
    return ordinal === undefined && at !== null && at - (of.copiedAt ?? at) > copyingMs
  }

  const context = (source: Source, of: RolloutThread, payload: Fields): Fate => {
    of.model = hintText(payload, "model") ?? of.model
    const said = {
      model: of.model,
      cwd: hintText(payload, "cwd"),
      approvalPolicy: hintJson(payload, "approval_policy"),
      sandbox: hintJson(payload, "sandbox_policy"),
      settings: hintText(payload, "effort") === undefined ? undefined : { effort: payload.effort },
      providerVersion: of.version,
    }
    const text = JSON.stringify(said)
    if (text === of.configured) return keep(source, "turn_context", true)
    of.configured = text
    record(source, of, fact("session.configured", said, { threadId: of.id }))
    return "mapped"
  }

  const turnStarted = (source: Source, of: RolloutThread, payload: Fields): Fate => {
    const named = hintText(payload, "turn_id")
    const running = of.running
    if (
      named !== undefined &&
      running !== null &&
      running.id !== named &&
      hintText(payload, "root_turn_id") === running.id
    ) {
      of.inner.add(named)
      return keep(source, "task_started", true)
    }
    if (running?.isTold === true && running.id !== named) {
      // Codex ends a turn before it starts the next one. Here it could not: its process was gone.
      closeSession(source, of, "exit", `no line ends the turn ${running.id}, and another one starts`)
      of.running = null
      ensureSession(source, of)
    } else if (running !== null && !running.isTold) settle(source, of)
    if (named === undefined) of.turns += 1
    startTurn(source, of, { id: named ?? `turn-${of.turns}`, isTold: true })
    return "mapped"
  }

  const turnEnded = (source: Source, of: RolloutThread, type: string, payload: Fields): Fate => {
    const named = hintText(payload, "turn_id")
    if (named !== undefined && of.inner.delete(named)) return keep(source, type, true)
    const turnId = named ?? of.running?.id
    if (turnId === undefined) return keep(source, type, true, "it names no turn, and none runs")
    const native = { threadId: of.id, turnId }
    const durationMs = hintNumber(payload, "duration_ms")
    const error = hintFields(payload, "error")
    if (type === "turn_aborted") {
      record(source, of, fact("turn.aborted", { reason: hintText(payload, "reason") ?? "interrupted" }, native))
    } else if (error === undefined) {
      record(source, of, fact("turn.completed", { outcome: "completed", durationMs }, native))
    } else {
      record(source, of, fact("turn.completed", { outcome: "failed", error: turnFailure(error), durationMs }, native))
    }
    if (of.running?.id === turnId) of.running = null
    of.calls.clear()
    return "mapped"
  }

  const read = (
    source: Source,
    of: RolloutThread,
    reader: Reader | undefined,
    payload: Fields,
    method: string,
  ): Fate => {
    if (reader === undefined) return keep(source, method, false)
    const facts = attempt(() => reader(of, payload, () => turnOf(source, of, hintText(payload, "turn_id"))))
    if ("problem" in facts) return keep(source, method, true, facts.problem)
    if (facts.value === null || facts.value.length === 0) return keep(source, method, true)
    for (const what of facts.value) record(source, of, what)
    return "mapped"
  }

  const event = (source: Source, of: RolloutThread, payload: Fields): Fate => {
    const type = hintText(payload, "type") ?? ""
    if (starts.has(type)) return turnStarted(source, of, payload)
    if (ends.has(type) || type === "turn_aborted") return turnEnded(source, of, type, payload)
    if (type === "user_message" && of.running !== null && !of.running.isTold && of.calls.size === 0) settle(source, of)
    // Where whole items are stored, events that only say the same again are kept.
    return read(source, of, eventReaders.get(type), payload, type === "" ? "event_msg" : type)
  }

  const response = (source: Source, of: RolloutThread, { isBare, payload }: RolloutLine): Fate => {
    const type = hintText(payload, "type") ?? ""
    const message = isBare && type === "message" ? messageOf(payload) : undefined
    if (message === undefined) return read(source, of, responseReaders.get(type), payload, `response_item/${type}`)
    const method = message.role === "user" ? "user_message" : "agent_message"
    if (method === "user_message" && of.running !== null && of.calls.size === 0) settle(source, of)
    return read(source, of, eventReaders.get(method), { type: method, message: message.text }, method)
  }

  const translate = (line: RolloutLine, source: Source): Fate => {
    if (line.type === "session_meta") return meta(source, line.payload)
    if (thread === null) {
      if (!base.wasSeen()) base.open(source)
      return keep(source, line.type, true, "no metadata of a thread stands before it")
    }
    if (thread.isCopy && isOwn(thread, line)) {
      thread.isCopy = false
      thread.running = null
      thread.calls.clear()
    }
    // The lines of the parent are in the parent's own file.
    if (thread.isCopy && thread.isSpawned) return keep(source, line.type, true)
    ensureSession(source, thread)
    switch (line.type) {
      case "turn_context":
        return context(source, thread, line.payload)
      case "event_msg":
        return event(source, thread, line.payload)
      case "response_item":
        return response(source, thread, line)
      case "compacted":
        return read(source, thread, compacted, line.payload, "compacted")
      default:
        return keep(source, line.type, known.has(line.type))
    }
  }

  return {
    timeOf: ({ at }) => at ?? lastAt,
    push: (line, raw) => {
      lastAt = line.at ?? lastAt
      const fate = translate(line, makeSource(lastAt, lastAt, raw))
      return { fate, emitted: base.take() }
    },
    flush: () => base.take(),
    end: (at, reason) => {
      const source = makeSource(at, at)
      if (thread?.isOpen === true) closeSession(source, thread, reason)
      if (base.isOpen()) base.closed(source, { reason })
      return base.take()
    },
  }
}

/** Types of lines that are known and have no place in the read model. */
const known: ReadonlySet<string> = new Set([
  "world_state",
  "token_usage_record",
  "inter_agent_communication",
  "inter_agent_communication_metadata",
  "state",
])
