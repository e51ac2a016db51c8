import { describe, expect, it } from "vitest"
import { type TalkEntry, type VoiceEvent, VoiceTalk } from "./VoiceTalk.js"

/** An event of run `r1`, unless it is said to be of another one. */
const event = (sequence: number, type: string, payload: object = {}, fields: Partial<VoiceEvent> = {}): VoiceEvent => ({
  sequence,
  streamId: "t",
  streamVersion: sequence,
  eventId: `e${sequence}`,
  type,
  v: 1,
  sessionId: null,
  channel: null,
  seq: null,
  at: sequence * 1_000,
  recordedAt: sequence * 1_000,
  actor: "provider",
  commandId: null,
  causationId: null,
  correlationId: null,
  turnId: null,
  itemId: null,
  requestId: null,
  inferenceId: null,
  realtimeId: "r1",
  delegationId: null,
  taskId: null,
  native: null,
  payload,
  ...fields,
})
const piece = (sequence: number, role: string, delta: string, fields: Partial<VoiceEvent> = {}) =>
  event(sequence, "realtime.transcript.delta", { role, delta }, fields)
const done = (sequence: number, role: string, text: string, fields: Partial<VoiceEvent> = {}) =>
  event(sequence, "realtime.transcript.done", { role, text }, fields)

const talkOf = (...events: readonly VoiceEvent[]): VoiceTalk => {
  const talk = new VoiceTalk()
  for (const one of events) talk.take(one)
  return talk
}

const line = (entry: TalkEntry): string =>
  entry.kind === "said"
    ? `${entry.role}: ${entry.text}${entry.open ? "…" : ""}`
    : entry.kind === "work"
      ? `work ${entry.delegationId}: ${entry.text}`
      : `${entry.failed ? "! " : ""}${entry.text}`
const lines = (talk: VoiceTalk): readonly string[] => talk.entries.map(line)

describe("what was said in a voice conversation", () => {
  it("joins the pieces of an utterance, and has its whole text in their place", () => {
    const talk = talkOf(piece(1, "assistant", "Good "), piece(2, "user", "Hel"), piece(3, "assistant", "mor"))
    expect(lines(talk)).toEqual(["assistant: Good mor…", "user: Hel…"])
    talk.take(done(4, "assistant", "Good morning."))
    talk.take(piece(5, "assistant", "Next"))
    expect(lines(talk)).toEqual(["assistant: Good morning.", "user: Hel…", "assistant: Next…"])
  })

  it("keeps utterances apart that the model names, and those of other conversations", () => {
    const named = (itemId: string) => ({ native: { itemId } })
    const talk = talkOf(
      piece(1, "assistant", "A", named("a")),
      piece(2, "assistant", "B", named("b")),
      done(3, "assistant", "A whole", named("a")),
      piece(4, "assistant", "other", { realtimeId: "r2" }),
      done(5, "assistant", "B whole", named("b")),
    )
    expect(lines(talk)).toEqual(["assistant: A whole", "assistant: B whole", "assistant: other…"])
  })

  it("takes an event once", () => {
    const talk = talkOf(piece(1, "assistant", "once"), piece(1, "assistant", "once"))
    expect(lines(talk)).toEqual(["assistant: once…"])
  })

  it("shows what a person wrote once, though the model tells of it twice", () => {
    const item = { id: "i1", type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] }
    const talk = talkOf(
      event(1, "realtime.item-added", { kind: "message", item }),
      event(2, "realtime.item-added", { kind: "message", item }),
      event(3, "realtime.item-added", { kind: "message", item: { ...item, id: "i2" } }),
      event(4, "realtime.item-added", { kind: "message", item: { ...item, role: "assistant", content: null } }),
      event(5, "realtime.item-added", { kind: "function_call_output", item: { output: "x" } }),
    )
    expect(lines(talk)).toEqual(["user: hello", "user: hello"])
  })

  it("names work that was handed over once, whoever tells of it", () => {
    const mine = { delegationId: "d1" }
    const talk = talkOf(
      event(1, "realtime.handoff", { text: "Fix it" }, mine),
      event(2, "delegation.opened", { text: "Fix it", route: "turn" }, mine),
      event(3, "delegation.opened", { text: "And test it" }, { delegationId: "d2" }),
    )
    expect(lines(talk)).toEqual(["work d1: Fix it", "work d2: And test it"])
  })

  it("says in one line how a conversation ended, and why", () => {
    expect(
      lines(
        talkOf(
          event(1, "realtime.started"),
          piece(2, "assistant", "I was about to"),
          event(3, "realtime.error", { message: "Too long." }),
          event(4, "realtime.closed", { reason: "error" }),
          event(5, "realtime.failed", { message: "No such model." }, { realtimeId: "r2" }),
          event(6, "realtime.closed", { reason: "requested" }, { realtimeId: "r3" }),
          event(7, "realtime.closed", { reason: "struck_by_lightning" }, { realtimeId: "r4" }),
        ),
      ),
    ).toEqual([
      "The conversation is live.",
      "assistant: I was about to",
      "! Ended by an error. Too long.",
      "! The conversation did not start. No such model.",
      "Ended: it was stopped.",
      "Ended: struck_by_lightning.",
    ])
  })

  it("puts older events before the rest, and holds no more than a limit", () => {
    const talk = talkOf(done(11, "user", "new"))
    talk.putBefore([done(1, "user", "old"), done(2, "assistant", "older answer")])
    expect(lines(talk)).toEqual(["user: old", "assistant: older answer", "user: new"])
    for (let sequence = 12; sequence < 1_500; sequence += 1) talk.take(done(sequence, "user", String(sequence)))
    expect(talk.entries).toHaveLength(1_000)
    expect(talk.full).toBe(true)
    expect(lines(talk).at(-1)).toBe("user: 1499")
  })

  it("makes nothing of payloads without their fields", () => {
    for (const payload of [null, "text", [], { role: 3, delta: {} }]) {
      const types = ["realtime.transcript.delta", "realtime.transcript.done", "realtime.item-added"]
      const talk = talkOf(...types.map((type, at) => ({ ...event(at + 1, type), payload })))
      expect(talk.entries).toEqual([])
    }
  })
})
