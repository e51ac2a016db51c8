import { describe, expect, it } from "vitest"
import { flushed, notify, ofType, recv, send, started, T, X, Y } from "../../../test/support/codexWire.js"
import { delegatedText, unescapeXml } from "./Voice.js"

const voice = (at: number, what: string, params: object = {}) =>
  notify(at, `thread/realtime/${what}`, { threadId: T, ...params })
const start = (at: number, params: object = {}) =>
  send(at, { id: 9, method: "thread/realtime/start", params: { threadId: T, outputModality: "audio", ...params } })
const handoff = (at: number, handoff_id: string, input_transcript: string, active_transcript: readonly object[] = []) =>
  voice(at, "itemAdded", {
    item: { type: "handoff_request", handoff_id, item_id: "fc", input_transcript, active_transcript },
  })
const delegation = (at: number, input: string, turnId = X, id = `user ${at}`, method = "item/started") => {
  const text = `<realtime_delegation>\n  <input>${input}</input>\n</realtime_delegation>`
  const item = { type: "userMessage", id, content: [{ type: "text", text }] }
  return notify(at, method, { threadId: T, turnId, item })
}

describe("a voice conversation", () => {
  it("is asked for, starts, speaks and closes", () => {
    const lines = [
      ...started(0),
      start(1),
      recv(2, { id: 9, result: {} }),
      voice(3, "started", { realtimeSessionId: "r", version: "v2" }),
      voice(4, "sdp", { sdp: "v=0" }),
      send(5, { id: 10, method: "thread/realtime/stop", params: { threadId: T } }),
      voice(6, "closed", { reason: "requested" }),
    ]
    const reported = flushed(lines).filter(({ type }) => type.startsWith("realtime."))
    expect(reported.map(({ channel, type, native, payload }) => [channel, type, native, payload])).toEqual([
      ["client", "realtime.start-requested", { threadId: T, callId: "9" }, { data: { outputModality: "audio" } }],
      ["agent", "realtime.started", { threadId: T, realtimeId: "r" }, { version: "v2" }],
      ["agent", "realtime.sdp", { threadId: T }, { sdp: "v=0" }],
      ["client", "realtime.stop-requested", { threadId: T, callId: "10" }, {}],
      ["agent", "realtime.closed", { threadId: T }, { reason: "requested", nativeReason: "requested" }],
    ])
  })

  it("names its run where the client did, and never by the thread's id, which every run has", () => {
    const typed = (at: number, what: string, type: string, realtimeSessionId: string) =>
      voice(at, `item/${what}`, { item: { type, id: `${type} ${at}`, realtimeSessionId, role: "user", text: "t" } })
    const said = (name: string) => [
      ...started(0),
      start(1, { realtimeSessionId: name }),
      voice(2, "started", { realtimeSessionId: name }),
      typed(3, "completed", "transcriptSegment", name),
      typed(4, "started", "other", name),
      typed(5, "started", "realtimeSessionClosed", name),
      voice(6, "closed", { reason: "requested" }),
      voice(7, "closed", { reason: "requested" }),
    ]
    const names = (name: string) =>
      flushed(said(name)).flatMap(({ type, native }) => {
        const { realtimeId = null } = JSON.parse(JSON.stringify(native ?? {}))
        return type.startsWith("realtime.") ? [[type, realtimeId]] : []
      })
    expect(names("r1")).toEqual([
      ["realtime.start-requested", "r1"],
      ["realtime.started", "r1"],
      ["realtime.transcript.done", "r1"],
      ["realtime.item-added", "r1"],
      ["realtime.closed", "r1"],
      ["realtime.closed", null],
    ])
    expect(new Set(names(T).map(([, name]) => name))).toEqual(new Set([null]))
  })

  it("fails when its start is refused, and tells errors", () => {
    const refused = recv(2, { id: 9, error: { code: -32600, message: "not enabled" } })
    expect(flushed([...started(0), start(1), refused]).at(-1)).toMatchObject({
      channel: "client",
      type: "realtime.failed",
      native: { threadId: T, callId: "9" },
      payload: { message: "not enabled" },
    })
    expect(flushed([voice(0, "error", { message: "m" })]).at(-1)).toMatchObject({
      type: "realtime.error",
      payload: { message: "m" },
    })
  })

  it("takes a reason it does not know for a closed transport, and keeps its text", () => {
    const closed = (params: object) => flushed([voice(0, "closed", params)]).at(-1)?.payload
    expect(closed({ reason: "error" })).toMatchObject({ reason: "error" })
    expect(closed({ reason: "bored" })).toEqual({ reason: "transport_closed", nativeReason: "bored" })
    expect(closed({ reason: null })).toEqual({ reason: "transport_closed" })
  })

  it("takes the untyped transcript where there is no typed one, merged per role", () => {
    const delta = (at: number, role: string, piece: string) => voice(at, "transcript/delta", { role, delta: piece })
    const events = flushed([
      delta(0, "user", "a"),
      delta(1, "user", "b"),
      delta(2, "assistant", "c"),
      voice(3, "transcript/done", { role: "assistant", text: "c!" }),
    ])
    expect(events.slice(-3).map(({ type, payload }) => [type, payload])).toEqual([
      ["realtime.transcript.delta", { role: "user", delta: "ab", frames: 2 }],
      ["realtime.transcript.delta", { role: "assistant", delta: "c", frames: 1 }],
      ["realtime.transcript.done", { role: "assistant", text: "c!" }],
    ])
  })

  it("takes the typed transcript where there is one, and keeps what repeats it", () => {
    const segment = { id: "s", type: "transcriptSegment", role: "assistant", text: "" }
    const events = flushed([
      voice(0, "item/started", { item: segment }),
      voice(0, "transcript/delta", { role: "assistant", delta: "hi" }),
      voice(1, "item/transcript/delta", { itemId: "s", delta: "hi" }),
      voice(2, "transcript/delta", { role: "assistant", delta: "hi" }),
      voice(3, "item/completed", { item: { ...segment, text: "hi" } }),
      voice(4, "transcript/done", { role: "assistant", text: "hi" }),
    ])
    const reported = events.filter(({ type }) => type.startsWith("realtime."))
    expect(reported.map(({ type, native, payload }) => [type, native, payload])).toEqual([
      ["realtime.transcript.delta", { threadId: T, itemId: "s" }, { role: "assistant", delta: "hi", frames: 1 }],
      ["realtime.transcript.done", { threadId: T, itemId: "s" }, { role: "assistant", text: "hi" }],
    ])
  })

  it("counts audio per direction, leaving the bytes to the native message", () => {
    const out = (at: number) =>
      voice(at, "outputAudio/delta", { audio: { data: "AAAA", sampleRate: 24000, numChannels: 1 } })
    const input = send(3, {
      id: 1,
      method: "thread/realtime/appendAudio",
      params: { threadId: T, audio: { data: "BB==", sampleRate: 24000, numChannels: 1 } },
    })
    const events = ofType(flushed([...started(0), out(1), out(2), input]), "realtime.audio")
    expect(events.map(({ channel, payload }) => [channel, payload])).toEqual([
      ["agent", { direction: "output", bytes: 8, sampleRate: 24000, frames: 2 }],
      ["client", { direction: "input", bytes: 4, sampleRate: 24000, frames: 1 }],
    ])
  })
})

describe("a handoff", () => {
  const links = (events: ReturnType<typeof flushed>) =>
    events
      .filter(({ type }) => type === "realtime.handoff" || type === "item.started")
      .map(({ type, native }) => {
        const { turnId, handoffId } = JSON.parse(JSON.stringify(native))
        return [type, turnId, handoffId]
      })

  it("asks in its own words, else in those that were being said", () => {
    const said = [
      { role: "user", text: "do it" },
      { role: "assistant", text: "sure" },
    ]
    const text = (events: ReturnType<typeof flushed>) => events.at(-1)?.payload
    expect(text(flushed([handoff(0, "h", "please", said)]))).toEqual({ text: "please", routedBy: "provider" })
    expect(text(flushed([handoff(0, "h", "", said)]))).toMatchObject({ text: "user: do it\nassistant: sure" })
    const managed = [...started(0), start(1, { clientManagedHandoffs: true }), handoff(2, "h", "x")]
    expect(text(flushed(managed))).toMatchObject({ routedBy: "client" })
  })

  it("is joined with its user message in either order of arrival", () => {
    expect(links(flushed([handoff(0, "h", "a < b"), delegation(1, "a &lt; b")]))).toEqual([
      ["realtime.handoff", undefined, "h"],
      ["item.started", X, "h"],
    ])
    expect(links(flushed([delegation(0, "a &amp;lt; b"), handoff(1, "h", "a &lt; b")]))).toEqual([
      ["item.started", X, undefined],
      ["realtime.handoff", X, "h"],
    ])
  })

  it("is joined oldest first, once, by what it says", () => {
    const lines = [
      handoff(0, "h1", "same"),
      handoff(1, "h2", "same"),
      handoff(2, "h2", "same"),
      handoff(3, "h3", "other"),
      delegation(4, "other", X),
      delegation(5, "same", X),
      delegation(6, "same", Y),
      delegation(7, "same", Y, "again"),
    ]
    const started = links(flushed(lines)).filter(([type]) => type === "item.started")
    expect(started.map(([, turnId, handoffId]) => [turnId, handoffId])).toEqual([
      [X, "h3"],
      [X, "h1"],
      [Y, "h2"],
      [Y, undefined],
    ])
  })

  it("is not joined across sessions", () => {
    const lines = [handoff(0, "h", "go"), notify(1, "thread/closed", { threadId: T }), delegation(2, "go")]
    expect(links(flushed(lines)).at(-1)).toEqual(["item.started", X, undefined])
  })

  it("is joined by the first message that tells of the item, and not again by its end", () => {
    const lines = [
      handoff(0, "h", "go"),
      delegation(1, "go", X, "u"),
      delegation(2, "go", X, "u", "item/completed"),
      handoff(3, "k", "go"),
    ]
    expect(ofType(flushed(lines), "realtime.handoff").map(({ native }) => native)).toEqual([
      { threadId: T, handoffId: "h" },
      { threadId: T, handoffId: "k" },
    ])
  })

  it("is read from a marked message only", () => {
    expect(delegatedText("<realtime_delegation><input>a\nb</input></realtime_delegation>")).toBe("a\nb")
    expect(delegatedText("please <realtime_delegation><input>a</input>")).toBeNull()
    expect(delegatedText("<realtime_delegation>no input")).toBeNull()
    expect(delegatedText(null)).toBeNull()
    expect(unescapeXml("&lt;&gt;&quot;&apos;&#39;&amp;amp;&nope;")).toBe("<>\"''&amp;&nope;")
  })
})
