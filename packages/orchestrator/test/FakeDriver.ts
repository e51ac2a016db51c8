/**
 * An agent that lives in the test: a driver whose connections say what the test tells them to, by the rules of the port. What it
 * was given to do outlives its connections, as a real agent's own records would.
 */
import type {
  Configuration,
  ConfigurationChoices,
  Emitted,
  EventType,
  NativeRef,
  PayloadOf,
} from "@threadfold/contracts"
import {
  type AnswerRequest,
  ConnectionLost,
  type ConnectOptions,
  type Delivered,
  type DrivenPart,
  type PartCapabilities,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderFailure,
  Refused,
  type ResumeThread,
  type RewindThread,
  type Rewound,
  type SendTurn,
  type StartThread,
  type Steer,
  Unsupported,
} from "@threadfold/providers"
import { Clock, Deferred, Effect, Queue, Stream } from "effect"
import { type Behaviour, fakeCapabilities } from "./fakeCapabilities.js"

const provider = "fake"

interface Session {
  readonly native: string
  ordinal: number
  seq: number
  turns: number
  isOpen: boolean
}

export class FakeConnection {
  readonly said: { readonly type: string }[] = []
  private readonly queue = Effect.runSync(Queue.unbounded<Emitted | null>())
  private readonly sessions = new Map<string, Session>()
  private readonly references = new Map<string, string>()
  private seq = 0
  isOver = false

  constructor(
    readonly agent: FakeAgent,
    readonly options: ConnectOptions,
  ) {}

  /** Says something about a native thread; its session must be open. */
  say(native: string, type: EventType, payload: unknown = {}, refs: NativeRef = {}, turnId?: string): void {
    const session = this.sessions.get(native)
    if (session === undefined || !session.isOpen) throw new Error(`no session of ${native} is open`)
    session.seq += 1
    const event = {
      type,
      payload,
      channel: "agent",
      seq: session.seq,
      at: this.agent.now(),
      native: { threadId: native, ...refs },
      ...(turnId === undefined ? {} : { turnId }),
    }
    this.emit({
      scope: { kind: "session", nativeThreadId: native, session: session.ordinal },
      actor: "provider",
      event,
    })
  }

  private emit(one: Emitted): void {
    this.said.push({ type: one.event.type })
    Effect.runSync(Queue.offer(this.queue, one))
  }

  private own(type: EventType, payload: unknown): void {
    this.seq += 1
    const event = { type, payload, channel: "agent", seq: this.seq, at: this.agent.now() }
    this.emit({ scope: { kind: "connection" }, actor: "provider", event })
  }

  begin(): void {
    this.own("connection.opened", { provider, mode: "managed" })
  }

  /** The process ends, by itself or because it was told to. */
  end(payload: object = { reason: "exit", code: 0 }): void {
    if (this.isOver) return
    this.isOver = true
    for (const [native, session] of this.sessions) {
      if (!session.isOpen) continue
      this.say(native, "session.exited", payload)
      session.isOpen = false
    }
    this.own("connection.closed", payload)
    Effect.runSync(Queue.offer(this.queue, null))
  }

  /** Opens a thread that nobody asked for, as agents do for their sub-agents. */
  opens(native: string, from: PayloadOf<"thread.started">): void {
    this.openSession(native, false, from)
  }

  private openSession(native: string, resumed: boolean, from: PayloadOf<"thread.started"> = { provider }): void {
    const before = this.sessions.get(native)
    this.sessions.set(native, {
      native,
      ordinal: (before?.ordinal ?? 0) + 1,
      seq: 0,
      turns: before?.turns ?? 0,
      isOpen: true,
    })
    this.say(native, "session.started", { provider, mode: "managed", resumed })
    this.say(native, "thread.started", from)
  }

  private opensFor(threadId: string): string {
    const native = this.agent.nextThread()
    this.references.set(native, threadId)
    this.openSession(native, false)
    return native
  }

  /** Native ids of the threads that are open here. */
  get threads(): readonly string[] {
    return [...this.sessions.values()].flatMap(({ isOpen, native }) => (isOpen ? [native] : []))
  }

  private readonly lost = new ConnectionLost({ provider, message: "The agent is gone. Start the session again." })

  private order(operation: "send-turn" | "steer" | "interrupt" | "answer" | "configure", act: () => void) {
    return Effect.suspend((): Effect.Effect<Delivered, ProviderFailure> => {
      const refused = new Refused({ provider, operation, message: "The agent does not want to." })
      const callId = String(this.agent.nextCall())
      const behaviour = this.isOver ? "lost" : this.agent.behaviour[operation]
      switch (behaviour) {
        case "hang":
          return Effect.never
        case "lost":
          return this.lost
        case "refuse-unsent":
          return refused
        case "refuse":
          return Effect.succeed({ callId, answered: refused })
        case "silence":
          this.agent.taken.push(operation)
          return Effect.succeed({ callId, answered: Effect.never })
        case "reopen":
        case "answer":
          this.agent.taken.push(operation)
          act()
          return Effect.succeed({ callId, answered: Effect.void })
      }
    })
  }

  /** Accepts a turn and begins it; the test goes on with it by its native id. */
  begins(native: string, turnId: string): string {
    const session = this.sessions.get(native)
    if (session === undefined) throw new Error(`no session of ${native}`)
    session.turns += 1
    const nativeTurn = `turn-${session.turns}`
    this.say(native, "turn.accepted", {}, { turnId: nativeTurn }, turnId)
    this.say(native, "turn.started", {}, { turnId: nativeTurn })
    return nativeTurn
  }

  readonly connection: ProviderConnection = {
    events: Stream.fromQueue(this.queue).pipe(Stream.takeWhile((one): one is Emitted => one !== null)),
    reference: (native) => this.references.get(native) ?? null,
    startThread: (order) =>
      Effect.gen(this, function* () {
        const { threadId } = order
        this.agent.starts.push(order)
        if (this.agent.behaviour["start-thread"] === "hang") {
          // As an agent that has the call and is slow: whether its caller still waits, it does not know.
          this.agent.comesUp = () => void this.opensFor(threadId)
          return yield* Effect.never
        }
        if (this.agent.behaviour["start-thread"] === "refuse") {
          return yield* new Refused({ provider, operation: "start-thread", message: "No more threads today." })
        }
        if (this.isOver) return yield* this.lost
        return { nativeThreadId: this.opensFor(threadId) }
      }),
    resumeThread: (order: ResumeThread) =>
      Effect.gen(this, function* () {
        const { nativeThreadId, threadId } = order
        if (this.isOver) return yield* this.lost
        this.agent.resumes.push(order)
        if (!this.agent.stored.has(nativeThreadId)) {
          if (this.agent.endsWhenLost) this.end({ reason: "exit", code: 1 })
          return yield* new Refused({ provider, operation: "resume-thread", message: "No such thread." })
        }
        this.references.set(nativeThreadId, threadId)
        this.openSession(nativeThreadId, true)
        if (order.rewind?.isRecorded === false) {
          this.say(nativeThreadId, "thread.rewound", { firstTurnId: order.rewind.turnId })
        }
        return { nativeThreadId }
      }),
    sendTurn: (order: SendTurn) =>
      Effect.zipRight(
        this.agent.atSend,
        this.order("send-turn", () => {
          this.agent.texts.push(order.text)
          this.agent.parts.push(order.parts ?? null)
          this.begins(order.nativeThreadId, order.turnId)
        }),
      ),
    steer: (order: Steer) =>
      this.order("steer", () => {
        this.agent.texts.push(`steered: ${order.text}`)
        this.agent.parts.push(order.parts ?? null)
      }),
    interrupt: ({ nativeThreadId, nativeTurnId }) =>
      this.order("interrupt", () =>
        this.say(nativeThreadId, "turn.completed", { outcome: "interrupted" }, { turnId: nativeTurnId }),
      ),
    answer: (order: AnswerRequest) => this.order("answer", () => void this.agent.answers.push(order.decision)),
    lists: {
      models: Effect.sync(() => {
        this.agent.asked += 1
        const texts = { title: null, description: null, defaultEffort: null }
        const model = { ...texts, isDefault: true, hidden: false, native: {} }
        return this.agent.models.map((name) => ({ ...model, model: name, efforts: name === "small" ? ["low"] : null }))
      }),
    },
    listChanges: () => this.agent.listChanges,
    login: (way) =>
      way === "browser"
        ? Effect.succeed({
            url: "https://login.invalid/",
            code: "CODE",
            done: Effect.suspend(() => this.agent.atLogin),
            cancel: Effect.void,
          })
        : new Unsupported({ provider, operation: "login" }),
    configure: (change) =>
      Effect.flatMap(
        this.order("configure", () => void this.agent.configured.push(change.chosen)),
        ({ answered }) => answered,
      ),
    rewind: (order) =>
      Effect.suspend((): Effect.Effect<Rewound, ProviderFailure> => {
        this.agent.rewinds.push(order)
        const { rewind } = this.agent.behaviour
        if (rewind === "silence") return Effect.never
        if (rewind === "refuse") {
          return new Refused({ provider, operation: "rewind", message: "These turns stay." })
        }
        const files = order.files ? { paths: ["/w/a.txt"], insertions: 1, deletions: 2, skipped: 0 } : null
        if (rewind === "reopen") return Effect.succeed({ files, reopen: true })
        this.say(order.nativeThreadId, "thread.rewound", {}, { turnId: order.nativeTurnId ?? "" })
        return Effect.succeed({ files, reopen: false })
      }),
    closeThread: (native) =>
      Effect.sync(() => {
        const session = this.sessions.get(native)
        if (session === undefined || !session.isOpen) return
        this.say(native, "session.exited", { reason: "unloaded" })
        session.isOpen = false
      }),
    stop: Effect.zipRight(
      Effect.suspend(() => this.agent.atStop),
      Effect.sync(() => this.end()),
    ),
  }
}

export class FakeAgent {
  readonly connections: FakeConnection[] = []
  /** Texts that the agent was given, in order: what it does is done. */
  readonly texts: string[] = []
  /** The parts of the same messages; null: the text was all of it. */
  readonly parts: (readonly DrivenPart[] | null)[] = []
  /** Its models; a test may set others. */
  models: readonly string[] = ["small"]
  /** How often it was asked for them. */
  asked = 0
  /** How often it has said that they are others. */
  listChanges = 0
  readonly answers: string[] = []
  /** What was chosen for its threads, in order. */
  readonly configured: Configuration[] = []
  /** What it lets a client choose; a test may set others. */
  choices: ConfigurationChoices = {
    model: { taken: true, values: null },
    effort: { taken: true, values: ["low", "high"] },
    mode: { taken: true, values: ["ask", "never"] },
    sandbox: { taken: false, values: [] },
  }
  /** Orders whose bytes it took. */
  readonly taken: string[] = []
  /** Native threads that it can open again. */
  readonly stored = new Set<string>()
  /** Orders to start a thread, in order. */
  readonly starts: StartThread[] = []
  /** Orders to open a thread again, in order. */
  readonly resumes: ResumeThread[] = []
  /** Orders to take turns back, in order. */
  readonly rewinds: RewindThread[] = []
  /** Its process ends with a thread that it cannot open again. */
  endsWhenLost = false
  /** What it does with the orders. */
  readonly behaviour: Record<
    "start-thread" | "send-turn" | "steer" | "interrupt" | "answer" | "configure" | "rewind",
    Behaviour
  > = {
    "start-thread": "answer",
    "send-turn": "answer",
    steer: "answer",
    interrupt: "answer",
    answer: "answer",
    configure: "answer",
    rewind: "answer",
  }
  /** The login of a person: how it ends. */
  atLogin: Effect.Effect<void, ProviderFailure> = Effect.never
  /** Opens the thread of the last start that hangs. */
  comesUp: () => void = () => undefined
  /** Runs before a turn is taken: where a test holds the hand-over. */
  atSend: Effect.Effect<void> = Effect.void
  /** Runs before a process ends that was told to: where a test keeps it from ending. */
  atStop: Effect.Effect<void> = Effect.void
  /** Keeps connections from coming up, until it is done. */
  atConnect: Effect.Effect<void, ConnectionLost> = Effect.void
  private calls = 0
  private threads = 0
  private clock = () => 0

  /** Parts that it takes beside text; a test may set others. */
  takes: PartCapabilities = { images: true, mentions: true, skills: true, commands: true }

  constructor(readonly sharesConnection = true) {}

  now(): number {
    return this.clock()
  }

  nextCall(): number {
    this.calls += 1
    return this.calls
  }

  nextThread(): string {
    this.threads += 1
    const native = `00000000-0000-4000-8000-${String(this.threads).padStart(12, "0")}`
    this.stored.add(native)
    return native
  }

  /** The connection that was opened last. */
  get last(): FakeConnection {
    const last = this.connections.at(-1)
    if (last === undefined) throw new Error("nobody has connected")
    return last
  }

  get driver(): ProviderDriver {
    const capabilities = fakeCapabilities(this)
    return {
      provider,
      capabilities,
      settingsOf: ({ effort, mode, sandbox }) => JSON.parse(JSON.stringify({ effort, mode, sandbox })),
      connect: (options) =>
        Effect.zipRight(
          this.atConnect,
          Effect.acquireRelease(
            Effect.gen(this, function* () {
              const clock = yield* Clock.clockWith(Effect.succeed)
              this.clock = () => clock.unsafeCurrentTimeMillis()
              const opened = new FakeConnection(this, options)
              this.connections.push(opened)
              opened.begin()
              return opened
            }),
            (opened) => Effect.sync(() => opened.end()),
          ),
        ).pipe(Effect.map(({ connection }) => connection)),
    }
  }
}

/** Something that waits until the test lets it go. */
export const gate = (): { readonly pass: Effect.Effect<void>; readonly open: Effect.Effect<void> } => {
  const opened = Effect.runSync(Deferred.make<void>())
  return { pass: Deferred.await(opened), open: Effect.asVoid(Deferred.succeed(opened, undefined)) }
}
