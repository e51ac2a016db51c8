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
export const stuckStates: readonly StuckState[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => ({
    ...Schema.decodeUnknownSync(Schema.parseJson(StuckState))(readFileSync(join(folder, file), "utf8")),
    name: file.slice(0, -".json".length),
  }))

/** The thread of a stuck state. */
export const stuckThreadId = ({ name }: StuckState): string => namedUuid(`${name} thread`)

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

/** The events of a stuck state in their order. */
export const stuckDrafts = (state: StuckState): readonly StuckDraft[] => {
  const numbers = new Map<string, number>()
  return state.events.map((one, index) => {
    const isOwn = one.own || one.session === null
    const channel = `${one.session} ${one.channel}`
    const seq = (numbers.get(channel) ?? 0) + 1
    if (!isOwn) numbers.set(channel, seq)
    return {
      to: { streamId: stuckThreadId(state) },
      sessionId: one.session === null ? null : namedUuid(`${state.name} session ${one.session}`),
      actor: isOwn ? "orchestrator" : "provider",
      event: {
        type: one.type,
        payload: one.payload,
        native: one.native,
        channel: isOwn ? null : one.channel,
        seq: isOwn ? null : seq,
        at: t0 + index * 1000,
        ...(isOwn ? { eventId: namedUuid(`${state.name} event ${index}`) } : {}),
        ...(one.turnId === undefined ? {} : { turnId: one.turnId }),
        ...(one.realtimeId === undefined ? {} : { realtimeId: one.realtimeId }),
      },
    }
  })
}

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
