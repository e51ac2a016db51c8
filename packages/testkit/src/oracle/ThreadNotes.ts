/**
 * Everything the wire says about one native thread, over all its sessions. Reading only takes notes and settles what
 * later lines depend on (which turn runs, what a token count belongs to); conclusions are drawn once, at the end.
 */
import type { TurnOutcome, UsageView } from "@threadfold/contracts"
import { expectItem, finalText, type ItemNotes, runsInBackground } from "./ItemNotes.js"
import type { ExpectedRefusal, ExpectedSession, ExpectedSteer, ExpectedThread } from "./OracleExpectation.js"
import { endRequest, type RequestNotes } from "./RequestNotes.js"
import { type RewindCall, turnsThatGo } from "./RewindNotes.js"
import { add, difference, sum, type TotalNotes } from "./UsageNotes.js"
import { delegatedInput, endVoice, newVoice, type VoiceNotes } from "./VoiceNotes.js"
import { type WordsNotes, wordsOf } from "./WordsNotes.js"

export interface TurnNotes {
  readonly id: string
  /** Place in the order of appearance: when it was asked for, or when it started. */
  readonly appeared: number
  /** The session that it began in. */
  epoch: number
  end: { readonly outcome: TurnOutcome; readonly evidence: "observed" | "inferred" } | null
  readonly items: Map<string, ItemNotes>
  usage: UsageView | null
  /** The first word about it was an item of it. */
  readonly synthetic: boolean
  rewound: boolean
}

/** A `turn/start` on its way. */
export interface StartCall {
  readonly callId: string
  readonly sent: number
  readonly text: string | null
  readonly wellFormed: boolean
}

type Session = { -readonly [K in keyof ExpectedSession]: ExpectedSession[K] }

export interface ThreadNotes {
  readonly id: string
  forkedFrom: string | null
  parent: string | null
  words: WordsNotes | null
  goal: unknown
  readonly sessions: Session[]
  readonly turns: Map<string, TurnNotes>
  /** Turns whose end came before any start: a later start does not open them. */
  readonly tombstones: Set<string>
  readonly calls: Map<string, StartCall>
  /** Native turn id → the call that asked for it. */
  readonly bound: Map<string, StartCall>
  readonly steered: ExpectedSteer[]
  readonly refused: ExpectedRefusal[]
  /** Calls that no session lived to see answered. */
  unanswered: number
  readonly requests: RequestNotes[]
  /** Requests that were resolved without an answer just now: their turn's next word tells whether they were answered. */
  resolved: readonly RequestNotes[]
  /** Turns that the client wanted to interrupt. */
  readonly interrupts: Set<string>
  readonly voice: VoiceNotes
  /** Last running total of tokens. */
  total: UsageView | null
  /** True while the provider says that the thread is active and no turn explains it. */
  saidActive: boolean
  /** What happened since that total, of what may make the next one begin anew. */
  readonly since: { started: boolean; rewound: boolean }
  /** Calls that take turns back, without an answer. */
  readonly rewinds: Map<string, RewindCall>
  /** Answers to such calls whose notification is still to come. */
  unreported: number
}

export const newThread = (id: string): ThreadNotes => ({
  id,
  forkedFrom: null,
  parent: null,
  words: null,
  goal: null,
  sessions: [],
  turns: new Map(),
  tombstones: new Set(),
  calls: new Map(),
  bound: new Map(),
  steered: [],
  refused: [],
  unanswered: 0,
  requests: [],
  resolved: [],
  interrupts: new Set(),
  voice: newVoice(),
  total: null,
  saidActive: false,
  since: { started: false, rewound: false },
  rewinds: new Map(),
  unreported: 0,
})

export const runningTurn = (thread: ThreadNotes): TurnNotes | null =>
  [...thread.turns.values()].find((turn) => turn.end === null) ?? null

/** A session is open from the first word about its thread until the process ends or the thread is unloaded. */
export const openSession = (thread: ThreadNotes): void => {
  if (thread.sessions.at(-1)?.ended === null) return
  thread.sessions.push({ epoch: thread.sessions.length + 1, ended: null })
}

/** Ends a turn; an observed end is final, an inferred one gives way to the turn's own word. */
export const endTurn = (thread: ThreadNotes, turn: TurnNotes, end: NonNullable<TurnNotes["end"]>): void => {
  if (turn.rewound || turn.end?.evidence === "observed" || (turn.end !== null && end.evidence === "inferred")) return
  // Its first end cancels what was open then; what confirms it closes no more.
  const isFirst = turn.end === null
  turn.end = end
  for (const item of turn.items.values()) {
    if (end.evidence === "observed" && end.outcome === "completed") item.inBackground = runsInBackground(item)
  }
  if (!isFirst) return
  for (const request of thread.requests) if (request.nativeTurnId === turn.id) endRequest(request, "cancelled")
}

/** Nothing goes on any more that was reported after the end of its turn. */
export const endWorkAfterEnd = (thread: ThreadNotes): void => {
  thread.saidActive = false
  for (const turn of thread.turns.values()) for (const item of turn.items.values()) item.goesOn = false
}

export const hasWorkAfterEnd = (thread: ThreadNotes): boolean =>
  [...thread.turns.values()].some((turn) => [...turn.items.values()].some((item) => item.goesOn))

/** Whether what is reported of the turn now comes after its end: not while that is only inferred, and its session lives. */
export const isOver = (thread: ThreadNotes, turn: TurnNotes): boolean =>
  turn.end !== null && (turn.end.evidence === "observed" || turn.epoch !== thread.sessions.length)

/** Work after the end of its turn: it goes on, and explains why the provider says that the thread is active. */
export const noteAfterEnd = (thread: ThreadNotes, item: ItemNotes, goesOn: boolean): void => {
  item.goesOn = goesOn
  if (runningTurn(thread) === null) thread.saidActive = false
}

/**
 * The turn of an item that is reported for the first time. A whole item may be of the past: it shows a running turn only where
 * that was asked for, or the thread is said to be active and no turn is known to run.
 */
export const turnOfFirstWord = (thread: ThreadNotes, id: string, whole: boolean, place: number): TurnNotes | null => {
  const runs = !whole || thread.bound.has(id) || (thread.saidActive && runningTurn(thread) === null)
  if (runs) return openTurn(thread, id, place, true)
  if (thread.tombstones.has(id)) return null
  const turn = newTurn(thread, id, place, true)
  turn.end = { outcome: "unknown", evidence: "inferred" }
  return turn
}

const newTurn = (thread: ThreadNotes, id: string, appeared: number, synthetic: boolean): TurnNotes => {
  const made = { id, appeared, synthetic, epoch: thread.sessions.length }
  const turn: TurnNotes = { ...made, end: null, items: new Map(), usage: null, rewound: false }
  thread.since.started = true
  thread.unreported = 0
  thread.turns.set(id, turn)
  return turn
}

/** A turn opens unless it is known, its end was seen before, or another one runs that was not replaced by agreement. */
export const openTurn = (thread: ThreadNotes, id: string, place: number, synthetic = false): TurnNotes | null => {
  if (thread.turns.has(id) || thread.tombstones.has(id)) return null
  const running = runningTurn(thread)
  const call = thread.bound.get(id)
  if (running !== null) {
    if (call === undefined) return null
    endTurn(thread, running, { outcome: "cancelled", evidence: "inferred" })
  }
  endWorkAfterEnd(thread)
  return newTurn(thread, id, call?.sent ?? place, synthetic)
}

const strong = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The turn that a resume tells to be in progress; null where it cannot be. One that was only concluded to have ended runs
 * again, if its name is good beyond its session and no other turn runs.
 */
export const rejoinTurn = (thread: ThreadNotes, id: string, place: number): TurnNotes | null => {
  const known = thread.turns.get(id)
  if (known === undefined) return openTurn(thread, id, place)
  if (known.end === null) return known
  if (known.end.evidence === "observed" || !strong.test(id) || runningTurn(thread) !== null) return null
  endWorkAfterEnd(thread)
  known.end = null
  known.epoch = thread.sessions.length
  return known
}

/**
 * A count of tokens, charged to the turn that it names: the running one, or one of the living session that has ended. What a
 * total adds is its difference from the one before; one that has fallen is an older one again, unless turns were taken
 * back or the turn that it names has started since.
 */
export const noteTotal = (thread: ThreadNotes, turnId: string | null, reported: TotalNotes): void => {
  const named = turnId === null ? undefined : thread.turns.get(turnId)
  if (named?.rewound === true) return
  const living = thread.sessions.at(-1)?.ended === null ? thread.sessions.length : null
  const turn = named !== undefined && (named.end === null || named.epoch === living) ? named : null
  const runs = turn !== null && turn.end === null
  const { since } = thread
  const added = difference(thread.total, reported.total)
  let charged = added
  if (since.rewound && (since.started || !runs)) {
    if (runs) charged = reported.last ?? added
    since.rewound = !runs && added !== null
  } else if (added === null) {
    if (!since.started || (turn !== null && !runs)) return
    charged = runs ? reported.last : null
  }
  thread.total = reported.total
  since.started = false
  if (turn !== null && charged !== null) turn.usage = add(turn.usage, charged)
}

/** Turns are taken back: one that runs ends, and nothing that is said of them counts any more. */
export const noteRewind = (
  thread: ThreadNotes,
  call: Pick<RewindCall, "before" | "count">,
  left: string | null,
): void => {
  for (const turn of turnsThatGo([...thread.turns.values()], call, left)) {
    if (turn.end === null) endTurn(thread, turn, { outcome: "interrupted", evidence: "inferred" })
    turn.rewound = true
    thread.since.rewound = true
    if (isOfTurn(thread, turn.id)) thread.words = null
  }
}

/** Whether the thread's first words are of this turn. */
const isOfTurn = ({ bound, words }: ThreadNotes, turnId: string): boolean => {
  const of = words?.of ?? null
  if (of === null) return false
  return "turnId" in of ? of.turnId === turnId : bound.get(turnId)?.callId === of.callId
}

/** A message of the user: the first one with words gives the thread its own. */
export const noteWords = (thread: ThreadNotes, said: string | null, of: WordsNotes["of"]): void => {
  const words = wordsOf(said)
  if (words !== null) thread.words ??= { words, of }
}

/** The provider's answer to a `turn/start`. */
export const noteAccepted = (thread: ThreadNotes, call: StartCall, turnId: string): void => {
  thread.calls.delete(call.callId)
  const running = thread.turns.get(turnId)
  const startedBefore = running !== undefined && running.appeared < call.sent
  if (thread.bound.has(turnId) || startedBefore) thread.steered.push({ text: call.text, steeredInto: turnId })
  else thread.bound.set(turnId, call)
}

/**
 * The provider resolves a request that its own client has not answered. While the turn runs another client did, unless an
 * interrupt was asked for, or the turn's next word is an end other than `completed`.
 */
export const noteResolved = (thread: ThreadNotes, request: RequestNotes): void => {
  if (request.status !== "open") return
  const turn = request.nativeTurnId === null ? undefined : thread.turns.get(request.nativeTurnId)
  if (turn === undefined || turn.end !== null || thread.interrupts.has(turn.id)) return endRequest(request, "cancelled")
  request.status = "answered"
  thread.resolved = [...thread.resolved, request]
}

/** A word about a turn. */
export const noteTurnWord = (thread: ThreadNotes, turnId: string, isFailedEnd: boolean): void => {
  for (const request of thread.resolved) {
    if (isFailedEnd && request.nativeTurnId === turnId) request.status = "cancelled"
  }
  thread.resolved = []
}

/** The session is over: nothing of it stays open. Expiry comes first, since the session's end beats the turn's. */
export const endSession = (thread: ThreadNotes, ended: NonNullable<Session["ended"]>): void => {
  const session = thread.sessions.at(-1)
  if (session === undefined || session.ended !== null) return
  session.ended = ended
  thread.resolved = []
  for (const request of thread.requests) endRequest(request, "expired")
  const running = runningTurn(thread)
  if (running !== null) endTurn(thread, running, { outcome: "interrupted", evidence: "inferred" })
  endWorkAfterEnd(thread)
  endVoice(thread.voice)
  thread.unanswered += thread.calls.size
  thread.calls.clear()
}

/**
 * What follows from a turn's end waits for an observed end, or until an inferred one is settled (rule 2): a recording's
 * is by the end of its session, before that the design leaves it open.
 */
const handoffStatus = (turn: TurnNotes, over: boolean): "open" | "closed" | null => {
  if (turn.end === null) return "open"
  return turn.end.evidence === "observed" || over ? "closed" : null
}

/** Which turn carries a handoff: the first whose user message holds its words; no turn takes up two. */
const handoffs = (thread: ThreadNotes): ExpectedThread["handoffs"] => {
  const taken = new Set<ItemNotes>()
  const over = thread.sessions.at(-1)?.ended !== null
  return thread.voice.handoffs.map((handoff) => {
    for (const turn of thread.turns.values()) {
      for (const item of turn.items.values()) {
        if (taken.has(item) || delegatedInput(finalText(item)) !== handoff.text) continue
        taken.add(item)
        return { text: handoff.text, nativeTurnId: turn.id, status: handoffStatus(turn, over) }
      }
    }
    return { text: handoff.text, nativeTurnId: null, status: over ? "closed" : "open" }
  })
}

/** Draws the conclusions. */
export const conclude = (thread: ThreadNotes): ExpectedThread => {
  const turns = [...thread.turns.values()]
    .sort((a, b) => a.appeared - b.appeared)
    .map((turn) => {
      const status = turn.end === null ? ("running" as const) : ("ended" as const)
      const outcome = turn.end?.outcome ?? null
      const items = [...turn.items.values()].map((item) => expectItem(item, { status, outcome }))
      return {
        nativeTurnId: turn.id,
        status,
        outcome,
        evidence: turn.end?.evidence ?? null,
        items,
        usage: turn.usage,
        rewound: turn.rewound,
      }
    })
  const unstarted = [...thread.bound.keys()].filter((id) => !thread.turns.has(id)).length
  return {
    nativeThreadId: thread.id,
    forkedFrom: thread.forkedFrom,
    parent: thread.parent,
    firstWords: thread.words?.words ?? null,
    goal: thread.goal,
    sessions: thread.sessions,
    turns,
    steered: thread.steered,
    refused: thread.refused,
    unstarted: unstarted + thread.unanswered + thread.calls.size,
    requests: thread.requests.map(({ nativeTurnId: _turn, epoch: _epoch, ...request }) => request),
    voiceRuns: thread.voice.runs.map(({ callId: _, ...run }) => run),
    handoffs: handoffs(thread),
    usage: sum(turns.map((turn) => turn.usage)),
  }
}
