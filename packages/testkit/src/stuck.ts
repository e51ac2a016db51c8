/**
 * Stuck states that users of neighbouring systems reported: each the log of a thread, the flaws of the fold that left it, and the
 * event and the invariant that are to be found. They are specifications, not databases, so that they outlive migrations.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { brokenFold as makeBrokenFold } from "../fixtures/stuck/brokenFold.mjs"
import { namedUuid } from "./generate/seeded.js"
import { packageRoot } from "./packageFiles.js"

const folder = join(packageRoot, "fixtures", "stuck")

/** Names of the JSON files of a folder and what they hold, in the order of the names. */
const filesIn = (of: string): readonly (readonly [name: string, text: string])[] =>
  readdirSync(of)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => [file.slice(0, -".json".length), readFileSync(join(of, file), "utf8")])

type Given = Pick<typeof StuckEvent.Encoded, "type" | "payload" | "session" | "native">

/** A turn in which nothing is wrong: a step, a question, a call of a model, an end. */
const plainTurn = (session: string, name: string): readonly Given[] => {
  const at = (native: Readonly<Record<string, string>>) => ({ session, native: { turnId: name, ...native } })
  return [
    { type: "turn.started", payload: {}, ...at({}) },
    { type: "inference.started", payload: {}, ...at({ inferenceId: `${name}-c` }) },
    { type: "item.started", payload: { kind: "agent_message" }, ...at({ itemId: `${name}-i` }) },
    { type: "request.opened", payload: { kind: "command_approval" }, ...at({ requestId: `${name}-q` }) },
    { type: "request.resolved", payload: { decision: "accept" }, ...at({ requestId: `${name}-q` }) },
    { type: "content.delta", payload: { stream: "text", delta: "done" }, ...at({ itemId: `${name}-i` }) },
    {
      type: "item.completed",
      payload: { kind: "agent_message", status: "completed", text: "done" },
      ...at({ itemId: `${name}-i` }),
    },
    { type: "inference.completed", payload: {}, ...at({ inferenceId: `${name}-c` }) },
    { type: "turn.completed", payload: { outcome: "completed" }, ...at({}) },
  ]
}

/** What is started again in each session. */
const sessionStart = (session: string): Given => ({
  type: "session.started",
  payload: { provider: "codex", mode: "managed", usageMode: "cumulative-thread" },
  session,
  native: null,
})

/** How many turns follow a wrong event. */
const turnsAfter = 3

const following = (kind: "in-session" | "in-next-session", session: string): readonly Given[] => {
  const name = kind === "in-session" ? session : "next"
  const turns = Array.from({ length: turnsAfter }, (_, index) => plainTurn(name, `after-${index + 1}`)).flat()
  return kind === "in-session" ? turns : [sessionStart(name), ...turns]
}

const StuckEvent = Schema.Struct({
  type: Schema.String,
  payload: Schema.Unknown,
  /** Label of the session; null: the event names none. */
  session: Schema.NullOr(Schema.String),
  /** True: an event of ours, without a channel and a number. */
  own: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  native: Schema.optionalWith(Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.String })), {
    default: () => null,
  }),
  channel: Schema.optionalWith(Schema.String, { default: () => "agent" }),
  turnId: Schema.optional(Schema.String),
  realtimeId: Schema.optional(Schema.String),
})

/** A stuck state. Numbers of events count from 1 and are versions of the thread. */
const StuckState = Schema.Struct({
  /** Theme of the survey of reports that it belongs to. */
  theme: Schema.Number,
  /** Reports that it stands for: `repository#number`. */
  sources: Schema.Array(Schema.String),
  /** What a user sees. */
  report: Schema.String,
  /** The rule of the fold that was missing, by its number, and what it says. */
  rule: Schema.Number,
  lacks: Schema.String,
  events: Schema.Array(StuckEvent),
  /**
   * How the log goes on after these events, with turns in which nothing is wrong and with other threads between them: in the session
   * that there is, or in a next one. Absent: it ends with the wrong event, as where nothing can follow it.
   */
  goesOn: Schema.optional(Schema.Literal("in-session", "in-next-session")),
  flaws: Schema.Array(
    Schema.Struct({
      at: Schema.Number,
      table: Schema.String,
      native: Schema.optional(Schema.String),
      key: Schema.optional(Schema.String),
      lost: Schema.optional(Schema.Boolean),
      keep: Schema.optional(Schema.Array(Schema.String)),
      set: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
      merge: Schema.optional(Schema.Boolean),
    }),
  ),
  /** The first wrong event, the invariant that it breaks, and an expression that it makes true. */
  event: Schema.Number,
  invariant: Schema.String,
  where: Schema.String,
})

/** A stuck state with its name. */
export type StuckState = typeof StuckState.Type & { readonly name: string }

/** Every stuck state, in the order of their names. */
export const stuckStates: readonly StuckState[] = filesIn(folder).map(([name, text]) => ({
  ...Schema.decodeUnknownSync(Schema.parseJson(StuckState))(text),
  name,
}))

/** The thread of a stuck state. */
export const stuckThreadId = ({ name }: { readonly name: string }): string => namedUuid(`${name} thread`)

/** Time of the first event, ms since the epoch. */
const t0 = 1_795_150_511_000

/** An event of a stuck state, as the engine takes it. */
export interface StuckDraft {
  readonly to: { readonly streamId: string }
  readonly sessionId: string | null
  readonly actor: "provider" | "orchestrator"
  readonly event: {
    readonly type: string
    readonly payload: unknown
    readonly native: Readonly<Record<string, string>> | null
    readonly channel: string | null
    readonly seq: number | null
    readonly at: number
    readonly eventId?: string
    readonly turnId?: string
    readonly realtimeId?: string
  }
}

const draftsOf = (
  name: string,
  streamId: string,
  events: readonly (typeof StuckEvent.Type)[],
): readonly StuckDraft[] => {
  const numbers = new Map<string, number>()
  return events.map((one, index) => {
    const isOwn = one.own || one.session === null
    const channel = `${one.session} ${one.channel}`
    const seq = (numbers.get(channel) ?? 0) + 1
    if (!isOwn) numbers.set(channel, seq)
    return {
      to: { streamId },
      sessionId: one.session === null ? null : namedUuid(`${name} session ${one.session}`),
      actor: isOwn ? "orchestrator" : "provider",
      event: {
        type: one.type,
        payload: one.payload,
        native: one.native,
        channel: isOwn ? null : one.channel,
        seq: isOwn ? null : seq,
        at: t0 + index * 1000,
        ...(isOwn ? { eventId: namedUuid(`${name} event ${index}`) } : {}),
        ...(one.turnId === undefined ? {} : { turnId: one.turnId }),
        ...(one.realtimeId === undefined ? {} : { realtimeId: one.realtimeId }),
      },
    }
  })
}

/** Ids of ours that a log spells out: it can be stored once. */
const namesIds = ({ events }: StuckState): boolean => JSON.stringify(events).includes("01a1f74e-")

/**
 * Threads beside that of a stuck state: the logs of other ones. With a fold that has all rules they look stuck and are not, and no check
 * may name them.
 */
const besides = (of: string): readonly (readonly StuckDraft[])[] => {
  const others = stuckStates.filter(({ name }) => name !== of).filter((one) => !namesIds(one))
  // Others for each.
  const from = others.filter(({ name }) => name < of).length
  return Array.from({ length: 3 }, (_, index) => others[(from + index) % others.length]).flatMap((other) => {
    if (other === undefined) return []
    const name = `${other.name} beside ${of}`
    return [draftsOf(name, namedUuid(`${name} thread`), other.events)]
  })
}

/** Events that the log takes one after the other without those of another thread. */
const together = 3

/** The lists in turns, a few entries of each at a time. */
const inTurns = (lists: readonly (readonly StuckDraft[])[]): readonly (readonly StuckDraft[])[] => {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: Math.ceil(longest / together) }, (_, index) =>
    lists.map((list) => list.slice(index * together, (index + 1) * together)),
  )
    .flat()
    .filter(({ length }) => length > 0)
}

/** The log of a stuck state: its thread's events, and those of other threads where it goes on, in the order of the log. */
export const stuckDrafts = (state: StuckState): readonly (readonly StuckDraft[])[] => {
  const threadId = stuckThreadId(state)
  const { events, goesOn, name } = state
  if (goesOn === undefined) return [draftsOf(name, threadId, events)]
  const session = events.findLast((one) => one.session !== null)?.session ?? "s1"
  const after = following(goesOn, session).map((one) => Schema.decodeSync(StuckEvent)(one))
  return inTurns([...besides(name), draftsOf(name, threadId, [...events, ...after])])
}

const LookAlike = Schema.Struct({
  /** What a user sees. */
  report: Schema.String,
  /** Why all is well. */
  why: Schema.String,
  events: Schema.Array(StuckEvent),
  /** An expression that is true at the end of the log: it looks stuck. */
  looks: Schema.String,
})

/** A log that looks stuck and is right, with its name. */
export type LookAlike = typeof LookAlike.Type & { readonly name: string }

/** Every one of them, in the order of their names. */
export const lookAlikes: readonly LookAlike[] = filesIn(join(packageRoot, "fixtures", "lookalikes")).map(
  ([name, text]) => ({
    ...Schema.decodeUnknownSync(Schema.parseJson(LookAlike))(text),
    name,
  }),
)

/** The log of a look-alike: its thread's events, and those of stuck states in other threads. */
export const lookAlikeDrafts = ({ events, name }: LookAlike): readonly (readonly StuckDraft[])[] =>
  inTurns([...besides(name), draftsOf(name, stuckThreadId({ name }), events)])

/** Absolute path of the module that makes a broken fold of flaws, for `--fold`. */
export const brokenFoldModule: string = join(folder, "brokenFold.mjs")

/** The fold that left a stuck state, made of the fold of the program. */
export const brokenFold = <Fold extends (state: never, event: never, rows: never) => unknown>(
  { flaws }: StuckState,
  current: Fold,
): Fold => {
  const broken = makeBrokenFold(flaws)
  // The module is plain JavaScript, because `--fold` loads it as it is; it returns what the current fold returns.
  return ((state: unknown, event: unknown, rows: unknown) => broken(state, event, rows, current)) as unknown as Fold
}
