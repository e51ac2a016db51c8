/**
 * Edits of a log for `whatif`: what they are, and the checks that come before any work. An edit names events by their sequence, which is
 * never renumbered.
 */
import { Actor, firstIssue, NativeRef, unknownName } from "@threadfold/contracts"
import { Either, type ParseResult, Predicate, Schema } from "effect"

const sequence = Schema.Number.pipe(Schema.int(), Schema.positive())
/** 0: before the first event of the thread. */
const after = Schema.Number.pipe(Schema.int(), Schema.nonNegative())
/** Taken as it is: `Schema.Record` makes another object, without a member of the name `__proto__`. */
const object = Schema.declare(Predicate.isReadonlyRecord, { description: "an object" })
const id = Schema.optional(Schema.NullOr(Schema.String))

/** An event that is to be inserted. What it leaves out is filled in where it is placed. */
const EventDraft = Schema.Struct({
  type: Schema.NonEmptyString,
  v: Schema.optional(sequence),
  /** Source clock, ms since the epoch; absent: that of the event that it follows. */
  at: Schema.optional(Schema.Number),
  /** Absent: `provider`. */
  actor: Schema.optional(Actor),
  /** Absent: the session that lives there for an event of the provider, else none. */
  sessionId: id,
  commandId: id,
  turnId: id,
  itemId: id,
  requestId: id,
  inferenceId: id,
  realtimeId: id,
  delegationId: id,
  taskId: id,
  native: Schema.optional(Schema.NullOr(NativeRef)),
  payload: Schema.optional(Schema.Unknown),
})
/** An event that is to be inserted. */
export type EventDraft = typeof EventDraft.Type

const edits = {
  /** The event never came. */
  drop: Schema.Struct({ op: Schema.Literal("drop"), sequence }),
  /** One more event, after the event of a sequence. */
  insert: Schema.Struct({ op: Schema.Literal("insert"), after, event: EventDraft }),
  /** Fields of the payload are others; the rest of it stays. */
  replace: Schema.Struct({ op: Schema.Literal("replace"), sequence, payload: object }),
  /** The event came after the event of another sequence. */
  reorder: Schema.Struct({ op: Schema.Literal("reorder"), sequence, after }),
  /** The event came so many ms later (or, below 0, earlier) by both clocks, and, where it says so, after another event. */
  delay: Schema.Struct({
    op: Schema.Literal("delay"),
    sequence,
    ms: Schema.Number.pipe(Schema.int()),
    after: Schema.optional(after),
  }),
} as const

/** The kinds of edits. */
export const editOps = Object.keys(edits)

/** One edit. */
export type Edit = { readonly [Op in keyof typeof edits]: Schema.Schema.Type<(typeof edits)[Op]> }[keyof typeof edits]

/** What is wrong with an edit, and where. */
export interface BadEdit {
  /** Position in the list, from 0; null: the list itself. */
  readonly index: number | null
  /** Path of the field, for example `event.payload.delta`; "": the edit as a whole. */
  readonly field: string
  /** A sentence. */
  readonly problem: string
}

/** Edits that one call may have. */
export const editLimit = 1000

const isOp = (op: unknown): op is keyof typeof edits => typeof op === "string" && Object.hasOwn(edits, op)

/** What is wrong with a value, and its place. */
export const faultOf = (error: ParseResult.ParseError): { readonly field: string; readonly problem: string } => {
  const { message, place } = firstIssue(error)
  return { field: place, problem: message }
}

const decodeEdit = (value: unknown, index: number): Edit | BadEdit => {
  const op: unknown = typeof value === "object" && value !== null && "op" in value ? value.op : undefined
  if (!isOp(op)) {
    const problem =
      typeof op === "string" ? unknownName("edit", op, editOps) : `an edit has an op, one of ${editOps.join(", ")}`
    return { index, field: "op", problem }
  }
  const decoded: Either.Either<Edit, ParseResult.ParseError> = Schema.decodeUnknownEither(
    edits[op] as Schema.Schema<Edit>,
    {
      onExcessProperty: "error",
    },
  )(value)
  return Either.match(decoded, { onLeft: (error) => ({ index, ...faultOf(error) }), onRight: (edit) => edit })
}

const isBad = (edit: object): edit is BadEdit => "problem" in edit

/** Whether edits were refused. */
export const areBad = (result: object): result is { readonly bad: readonly BadEdit[] } => "bad" in result

/** Reads a list of edits from JSON. Refused: what is no list, has more than {@link editLimit}, or an edit that is none. */
export const decodeEdits = (
  value: unknown,
): { readonly edits: readonly Edit[] } | { readonly bad: readonly BadEdit[] } => {
  if (!Array.isArray(value)) return { bad: [{ index: null, field: "", problem: "the edits are a JSON list" }] }
  if (value.length > editLimit) {
    return { bad: [{ index: null, field: "", problem: `more than ${editLimit} edits` }] }
  }
  const decoded = value.map(decodeEdit)
  const bad = decoded.filter(isBad)
  return bad.length > 0 ? { bad } : { edits: decoded.filter((edit): edit is Edit => !isBad(edit)) }
}
