import { describe, expect, it } from "vitest"
import {
  agentDelta,
  exit,
  flushed,
  notify,
  ofType,
  recv,
  run,
  send,
  short,
  spawn,
  started,
  status,
  stderr,
  T,
  t0,
  turnAnswer,
  turnCompleted,
  turnStart,
  turnStarted,
  typesOf,
  X,
} from "../../../test/support/codexWire.js"

const sessionEvents = (events: ReturnType<typeof flushed>) =>
  events
    .filter(({ type }) => type.startsWith("session.") || type.startsWith("connection."))
    .map(({ scope, type }) => `${scope} ${type}`)

describe("a connection", () => {
  it("opens with its process and closes with it, after its sessions", () => {
    const lines = [spawn(0, { pid: 9, args: ["app-server"] }), ...started(1), exit(5, null, "SIGKILL")]
    const events = flushed(lines)
    expect(events[0]).toMatchObject({
      type: "connection.opened",
      payload: { provider: "codex", mode: "imported", pid: 9, command: ["app-server"] },
    })
    expect(events.slice(-2).map(({ scope, type, payload }) => [scope, type, payload])).toEqual([
      ["T1", "session.exited", { code: null, signal: "SIGKILL", reason: "exit" }],
      ["-", "connection.closed", { code: null, signal: "SIGKILL", reason: "exit" }],
    ])
  })

  it("opens with its first line when no process was seen to start", () => {
    expect(typesOf(flushed([stderr(0, "hello")]))).toEqual(["- connection.opened", "- provider.unmapped"])
    expect(typesOf(flushed([status(0, "idle")]))).toEqual([
      "- connection.opened",
      "T1 session.started",
      "T1 session.state.changed",
    ])
  })

  it("stays closed for what is said beside the wire after the end", () => {
    const { events, fates } = run([spawn(0), exit(1, 0, null), stderr(2, "bye"), exit(3, 0, null)])
    expect(typesOf(events)).toEqual([
      "- connection.opened",
      "- connection.closed",
      "- provider.unmapped",
      "- provider.unmapped",
    ])
    expect(fates).toEqual(["mapped", "mapped", "kept", "kept"])
  })

  it("ends when another process takes its place", () => {
    const events = flushed([spawn(0), ...started(1), spawn(2), ...started(3)])
    expect(sessionEvents(events)).toEqual([
      "- connection.opened",
      "- session.start-requested",
      "T1 session.started",
      "T1 session.configured",
      "T1 session.exited",
      "- connection.closed",
      "- connection.opened",
      "- session.start-requested",
      "T2 session.started",
      "T2 session.configured",
    ])
  })

  it("is ended from outside once, and goes on in next sessions when the recording has grown", () => {
    const { translator } = run([spawn(0), ...started(1), turnStarted(2)])
    expect(typesOf(translator.end(t0 + 3, "recording-ended").map(short))).toEqual([
      "T1 session.exited",
      "- connection.closed",
    ])
    expect(translator.end(t0 + 3, "recording-ended")).toEqual([])
    const grown = [turnCompleted(4), exit(5, 0, null)].flatMap((line) => translator.push(line).emitted)
    expect(typesOf(grown.map(short))).toEqual([
      "- connection.opened",
      "T2 session.started",
      "T2 turn.completed",
      "T2 session.exited",
      "- connection.closed",
    ])
    expect(grown.map(({ event }) => [event.channel, event.seq])).toEqual([
      ["agent", 3],
      ["agent", 1],
      ["agent", 2],
      ["agent", 3],
      ["agent", 4],
    ])
  })
})

describe("an end of a process", () => {
  const ended = (fields: object) =>
    flushed([
      spawn(0),
      ...started(1),
      { at: t0 + 5, dir: "meta", raw: "exit", event: "exit", fields: { ...fields } },
    ]).slice(-2)

  it("reports the end of stderr where it was not asked for", () => {
    const payload = { code: 1, signal: null, message: "out of memory" }
    expect(ended({ code: 1, sig: null, asked: false, message: "out of memory" }).map((event) => event.payload)).toEqual(
      [
        { ...payload, reason: "exit" },
        { ...payload, reason: "exit" },
      ],
    )
  })

  it("says that it was asked for where it was", () => {
    expect(ended({ code: 0, sig: null, asked: true }).map((event) => event.payload)).toEqual([
      { code: 0, signal: null, reason: "exit" },
      { code: 0, signal: null, reason: "stopped" },
    ])
  })
})

describe("a session", () => {
  it("opens with the answer to a start, which describes and configures it", () => {
    const init = [
      send(0, { id: 0, method: "initialize", params: {} }),
      recv(1, { id: 0, result: { userAgent: "mine/0.169.0 (Debian 12; x86_64) x (mine; 1)" } }),
    ]
    const events = flushed([spawn(0), ...init, ...started(2)])
    expect(events.slice(-3).map(({ type, payload }) => [type, payload])).toEqual([
      ["session.started", { provider: "codex", mode: "imported", resumed: false, usageMode: "cumulative-thread" }],
      ["thread.started", { provider: "codex" }],
      ["session.configured", { model: "m", cwd: "/w", providerVersion: "0.169.0" }],
    ])
    expect(events.slice(-3).map(({ raw }) => raw !== undefined)).toEqual([true, false, false])
  })

  it("is reported once, however often its thread is described; only changes are reported again", () => {
    const thread = (name: string | null) =>
      notify(9, "thread/started", { thread: { id: T, name, status: { type: "idle" } } })
    const events = flushed([...started(0), thread(null), thread("a name"), thread("a name")])
    expect(ofType(events, "session.started")).toHaveLength(1)
    expect(ofType(events, "thread.started")).toHaveLength(1)
    expect(ofType(events, "thread.metadata.updated").map(({ payload }) => payload)).toEqual([{ title: "a name" }])
    expect(ofType(events, "session.state.changed")).toEqual([])
  })

  it("says that it was resumed when a resume is under way, even before its answer", () => {
    const resume = send(0, { id: 1, method: "thread/resume", params: { threadId: T } })
    const answer = recv(3, { id: 1, result: { thread: { id: T } } })
    const events = flushed([resume, status(1, "idle"), answer])
    expect(ofType(events, "session.started").map(({ payload }) => payload)).toMatchObject([{ resumed: true }])
    const rejoined = [
      send(4, { id: 2, method: "thread/resume", params: { threadId: T } }),
      recv(5, { id: 2, result: { thread: { id: T } } }),
    ]
    expect(ofType(flushed([resume, answer, ...rejoined]), "session.started")).toHaveLength(1)
  })

  it("opens for threads that no call has opened, by any message that names them", () => {
    expect(typesOf(flushed([agentDelta(0, "x")]))).toContain("T1 session.started")
    const request = recv(0, {
      id: 0,
      method: "item/tool/call",
      params: { threadId: T, turnId: X, callId: "c", tool: "t" },
    })
    expect(typesOf(flushed([request]))).toContain("T1 session.started")
    expect(typesOf(flushed([notify(0, "some/new/thing", { threadId: T })]))).toContain("T1 session.started")
  })

  it("does not open for what concerns the stored thread only", () => {
    const lines = [
      send(0, { id: 1, method: "thread/read", params: { threadId: T } }),
      recv(1, { id: 1, result: { thread: { id: T } } }),
      notify(2, "thread/archived", { threadId: T }),
      notify(3, "thread/name/updated", { threadId: T, threadName: "n" }),
      notify(4, "thread/closed", { threadId: T }),
      status(5, "notLoaded"),
    ]
    expect(typesOf(flushed(lines)).filter((line) => line.startsWith("T"))).toEqual([])
  })

  it("ends when the provider unloads the thread; the next start is the next session", () => {
    const events = flushed([
      ...started(0),
      status(1, "notLoaded"),
      notify(2, "thread/closed", { threadId: T }),
      status(3, "idle"),
    ])
    expect(sessionEvents(events).filter((line) => !line.startsWith("-"))).toEqual([
      "T1 session.started",
      "T1 session.configured",
      "T1 session.exited",
      "T2 session.started",
      "T2 session.state.changed",
    ])
    expect(ofType(events, "session.exited").map(({ payload }) => payload)).toEqual([{ reason: "unloaded" }])
    expect(ofType(events, "session.started").at(-1)?.payload).toMatchObject({ resumed: true })
  })

  it("ends when the client lets go of the thread; what every client is sent about it then opens no other", () => {
    const unsubscribe = (at: number, id: number) =>
      send(at, { id, method: "thread/unsubscribe", params: { threadId: T } })
    const letGo = [...started(0), unsubscribe(1, 5), recv(2, { id: 5, result: { status: "unsubscribed" } })]
    const broadcast = [status(3, "active"), status(4, "idle"), notify(5, "warning", { threadId: T, message: "m" })]
    const events = flushed([...letGo, ...broadcast])
    expect(sessionEvents(events)).toEqual([
      "- connection.opened",
      "- session.start-requested",
      "T1 session.started",
      "T1 session.configured",
      "T1 session.exited",
    ])
    expect(ofType(events, "session.exited").map(({ payload }) => payload)).toEqual([{ reason: "detached" }])
    expect(events.slice(-3).map(({ scope }) => scope)).toEqual(["-", "-", "-"])
    const resume = send(6, { id: 6, method: "thread/resume", params: { threadId: T } })
    const again = flushed([...letGo, resume, status(7, "idle"), recv(8, { id: 6, result: { thread: { id: T } } })])
    expect(ofType(again, "session.started").map(({ scope, payload }) => [scope, payload])).toMatchObject([
      ["T1", { resumed: false }],
      ["T2", { resumed: true }],
    ])
    const refused = recv(8, { id: 6, error: { code: -32600, message: "no rollout found" } })
    const lost = flushed([...letGo, resume, refused, status(9, "idle")])
    expect(ofType(lost, "session.started")).toHaveLength(1)
    const gone = flushed([...started(0), unsubscribe(1, 5), recv(2, { id: 5, result: { status: "notLoaded" } })])
    expect(gone.at(-1)?.payload).toEqual({ reason: "unloaded" })
    const idle = flushed([...letGo, unsubscribe(3, 7), recv(4, { id: 7, result: { status: "notSubscribed" } })])
    expect(ofType(idle, "session.exited")).toHaveLength(1)
  })

  it("is not called resumed for a resume that was refused", () => {
    const refused = recv(1, { id: 1, error: { code: -32600, message: "no" } })
    const lines = [send(0, { id: 1, method: "thread/resume", params: { threadId: T } }), refused, status(2, "idle")]
    const [opened] = ofType(flushed(lines), "session.started")
    expect(opened?.payload).toEqual({ provider: "codex", mode: "imported", usageMode: "cumulative-thread" })
  })

  it("asks for a fork on the connection: the fork is another thread", () => {
    const fork = send(5, { id: 4, method: "thread/fork", params: { threadId: T } })
    expect(flushed([...started(0), fork]).at(-1)).toMatchObject({ scope: "-", type: "session.start-requested" })
    const rejoin = send(5, { id: 4, method: "thread/resume", params: { threadId: T } })
    expect(flushed([...started(0), rejoin]).at(-1)).toMatchObject({ scope: "T1", type: "session.start-requested" })
  })

  it("knows nothing of the calls of an earlier process", () => {
    const answered = recv(5, { id: 2, result: { turn: { id: X } } })
    const lines = [spawn(0), ...started(1), turnStart(2, 2), exit(3, 0, null), spawn(4), answered, turnStarted(6)]
    const events = flushed(lines)
    expect(ofType(events, "turn.accepted")).toEqual([])
    expect(run(lines).events.at(-1)?.type).toBe("turn.started")
  })

  it("does not open for a refused start, and keeps what a client asked of a thread without one", () => {
    const refused = [
      send(0, { id: 1, method: "thread/resume", params: { threadId: T } }),
      recv(1, { id: 1, error: { code: -32600, message: "no rollout found" } }),
      turnStart(2, 2),
      recv(3, { id: 2, error: { code: -32600, message: "thread not found" } }),
    ]
    const events = flushed(refused)
    expect(new Set(events.map(({ scope }) => scope))).toEqual(new Set(["-"]))
    expect(ofType(events, "provider.unmapped").map(({ payload }) => payload)).toEqual([
      { method: "response:thread/resume", known: true },
      { method: "turn/start", known: true, problem: "names no thread with an open session" },
      { method: "response:turn/start", known: true },
    ])
  })

  it("opens with a call about a thread that was loaded before the recording began", () => {
    const cut = [turnStart(2, 2), turnAnswer(3, 2, X), turnCompleted(4, X, "failed")]
    expect(flushed(cut).map(({ type }) => type)).toEqual([
      "connection.opened",
      "session.started",
      "turn.requested",
      "turn.accepted",
      "turn.completed",
    ])
    const refused = recv(3, { id: 2, error: { code: -32600, message: "thread not found" } })
    expect(flushed([turnStart(2, 2), refused]).at(-1)?.type).toBe("turn.start-failed")
    // A thread that was closed here, and one of a live connection, wait for the agent's word.
    const closed = [...started(0), notify(1, "thread/closed", { threadId: T }), turnStart(2, 2)]
    expect(flushed(closed).at(-1)?.type).toBe("provider.unmapped")
    expect(flushed(cut, { mode: "managed" }).map(({ scope }) => scope)).toEqual(["-", "-", "-", "T1", "T1"])
  })

  it("reads a status for what it says", () => {
    const active = notify(1, "thread/status/changed", {
      threadId: T,
      status: { type: "active", activeFlags: ["waitingOnApproval"] },
    })
    const reported = flushed([...started(0), active, status(2, "idle"), status(3, "systemError"), status(4, "dancing")])
    expect(reported.slice(-4).map(({ type, payload }) => [type, payload])).toEqual([
      ["session.state.changed", { state: "running", nativeState: "active", flags: ["waitingOnApproval"] }],
      ["session.state.changed", { state: "ready", nativeState: "idle" }],
      ["runtime.error", { message: "thread status systemError", code: "systemError", willRetry: true }],
      [
        "provider.unmapped",
        {
          method: "thread/status/changed",
          known: true,
          problem: "status.type: dancing is no status known to this version",
        },
      ],
    ])
  })
})
