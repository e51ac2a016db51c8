/**
 * Rewinds: the calls `thread/revert` (and `thread/rollback` of older servers), their answers, and the notification
 * `thread/reverted` to all clients. The notification does not say how many turns were taken back. The call of this client
 * says it. Without a call it counts as one turn, until a list shows the turns that are left.
 */
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintNumber, hintText, isFields } from "../../runtime/readFields.js"

/** A call that takes turns back. */
interface AskedRewind {
  readonly method: string
  /** First turn that goes. */
  readonly beforeTurnId: string | undefined
  /** How many of the newest turns go. */
  readonly count: number | undefined
  /** True: the notification came before the answer, so the rewind is recorded. */
  isRecorded: boolean
}

/** The translator's state of the rewinds of a thread. */
export interface Rewinds {
  /** Calls without an answer, by the JSON text of their ids. */
  readonly asked: Map<string, AskedRewind>
  /** How many answers were recorded whose notification has not come yet. */
  unnotified: number
  /** True: a notification came without its size, and no turn has started since. */
  isSizeUnknown: boolean
}

export const makeRewinds = (): Rewinds => ({ asked: new Map(), unnotified: 0, isSizeUnknown: false })

const methods: ReadonlySet<string> = new Set(["thread/revert", "thread/rollback"])

/** Notes a call that takes turns back. */
export const noteRewind = (rewinds: Rewinds, callId: string, method: string, params: Fields): void => {
  if (!methods.has(method)) return
  const beforeTurnId = hintText(params, "beforeTurnId")
  rewinds.asked.set(callId, { method, beforeTurnId, count: hintNumber(params, "numTurns"), isRecorded: false })
}

/** A turn has started, so nothing more is expected of an earlier rewind. */
export const settleRewinds = (rewinds: Rewinds): void => {
  rewinds.unnotified = 0
  rewinds.isSizeUnknown = false
}

/** The facts of `thread/reverted`. None where the answer has recorded the rewind already. */
export const revertedFacts = (rewinds: Rewinds, nativeThreadId: string): readonly Fact[] => {
  if (rewinds.unnotified > 0) {
    rewinds.unnotified -= 1
    return []
  }
  const asked = [...rewinds.asked.values()].find(({ isRecorded, method }) => method === "thread/revert" && !isRecorded)
  if (asked !== undefined) asked.isRecorded = true
  rewinds.isSizeUnknown = asked?.beforeTurnId === undefined
  return [fact("thread.rewound", {}, { threadId: nativeThreadId, turnId: asked?.beforeTurnId })]
}

const idOf = (turn: unknown): string | undefined => (isFields(turn) ? hintText(turn, "id") : undefined)

/** The fact of an answer to a call that takes turns back. Null: the call failed, or its notification was recorded already. */
export const rewindAnswer = (
  rewinds: Rewinds,
  callId: string,
  nativeThreadId: string,
  result: Fields | null,
): Fact | null => {
  const asked = rewinds.asked.get(callId)
  rewinds.asked.delete(callId)
  if (asked === undefined || result === null || asked.isRecorded) return null
  if (asked.method === "thread/revert") rewinds.unnotified += 1
  // An empty list may mean that the server left the turns out.
  const keptNativeTurnId = idOf(hintArray(hintFields(result, "thread") ?? {}, "turns").at(-1))
  const native = { threadId: nativeThreadId, turnId: asked.beforeTurnId, callId }
  return fact("thread.rewound", { count: asked.count, keptNativeTurnId }, native)
}

/** The newest turn that an answer lists, where the list includes the newest turn. */
const newestListed = (method: string, params: Fields, result: Fields): string | undefined => {
  const thread = hintFields(result, "thread") ?? {}
  if (method === "thread/read" || method === "thread/resume") return idOf(hintArray(thread, "turns").at(-1))
  const isFirstPage = hintText(params, "cursor") === undefined && hintText(params, "sortDirection") !== "asc"
  return method === "thread/turns/list" && isFirstPage ? idOf(hintArray(result, "data")[0]) : undefined
}

/** The fact of a list of the turns that are left, after a rewind of unknown size. Null: the list adds nothing. */
export const listedAfterRewind = (
  rewinds: Rewinds,
  nativeThreadId: string,
  call: { readonly id: string; readonly method: string; readonly params: Fields },
  result: Fields,
): Fact | null => {
  if (!rewinds.isSizeUnknown) return null
  const keptNativeTurnId = newestListed(call.method, call.params, result)
  if (keptNativeTurnId === undefined) return null
  rewinds.isSizeUnknown = false
  return fact("thread.rewound", { keptNativeTurnId }, { threadId: nativeThreadId, callId: call.id })
}
