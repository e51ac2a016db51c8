/**
 * Rewinds: `thread/revert` (and `thread/rollback` of older servers), their answers, and the word `thread/reverted` that every
 * client hears. The word does not say how much was taken back: the call says it, where this client made it; else it is
 * one turn, until a list of the turns that are left tells more.
 */
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintNumber, hintText, isFields } from "../../runtime/readFields.js"

/** What a call asked to take back. */
interface AskedRewind {
  readonly method: string
  /** First turn that goes. */
  readonly beforeTurnId: string | undefined
  /** How many of the newest turns go. */
  readonly count: number | undefined
  /** The word that all clients hear has come before the answer. */
  told: boolean
}

/** What is remembered of the rewinds of a thread. */
export interface Rewinds {
  /** Calls without an answer, by the JSON text of their ids. */
  readonly asked: Map<string, AskedRewind>
  /** Answers whose word is still to come. */
  unheard: number
  /** The word came and did not say how much; nothing has happened in the thread since. */
  isVague: boolean
}

export const makeRewinds = (): Rewinds => ({ asked: new Map(), unheard: 0, isVague: false })

const methods: ReadonlySet<string> = new Set(["thread/revert", "thread/rollback"])

/** Remembers a call that takes turns back. */
export const noteRewind = (rewinds: Rewinds, callId: string, method: string, params: Fields): void => {
  if (!methods.has(method)) return
  const beforeTurnId = hintText(params, "beforeTurnId")
  rewinds.asked.set(callId, { method, beforeTurnId, count: hintNumber(params, "numTurns"), told: false })
}

/** A turn has started: what an earlier rewind left open is settled by what happened. */
export const settleRewinds = (rewinds: Rewinds): void => {
  rewinds.unheard = 0
  rewinds.isVague = false
}

/** `thread/reverted`. None: an answer has told it already. */
export const revertedFacts = (rewinds: Rewinds, nativeThreadId: string): readonly Fact[] => {
  if (rewinds.unheard > 0) {
    rewinds.unheard -= 1
    return []
  }
  const asked = [...rewinds.asked.values()].find(({ method, told }) => method === "thread/revert" && !told)
  if (asked !== undefined) asked.told = true
  rewinds.isVague = asked?.beforeTurnId === undefined
  return [fact("thread.rewound", {}, { threadId: nativeThreadId, turnId: asked?.beforeTurnId })]
}

const idOf = (turn: unknown): string | undefined => (isFields(turn) ? hintText(turn, "id") : undefined)

/** The answer of a call that takes turns back; null: it failed, or its word has told it already. */
export const rewindAnswer = (
  rewinds: Rewinds,
  callId: string,
  nativeThreadId: string,
  result: Fields | null,
): Fact | null => {
  const asked = rewinds.asked.get(callId)
  rewinds.asked.delete(callId)
  if (asked === undefined || result === null || asked.told) return null
  if (asked.method === "thread/revert") rewinds.unheard += 1
  // A list without turns may be one that the server left out.
  const keptNativeTurnId = idOf(hintArray(hintFields(result, "thread") ?? {}, "turns").at(-1))
  const native = { threadId: nativeThreadId, turnId: asked.beforeTurnId, callId }
  return fact("thread.rewound", { count: asked.count, keptNativeTurnId }, native)
}

/** The newest turn that an answer lists, where it lists turns from the newest on. */
const newestListed = (method: string, params: Fields, result: Fields): string | undefined => {
  const thread = hintFields(result, "thread") ?? {}
  if (method === "thread/read" || method === "thread/resume") return idOf(hintArray(thread, "turns").at(-1))
  const isFirstPage = hintText(params, "cursor") === undefined && hintText(params, "sortDirection") !== "asc"
  return method === "thread/turns/list" && isFirstPage ? idOf(hintArray(result, "data")[0]) : undefined
}

/** A list of the turns that are left, after a word that did not say how many went; null: it tells nothing new. */
export const listedAfterRewind = (
  rewinds: Rewinds,
  nativeThreadId: string,
  call: { readonly id: string; readonly method: string; readonly params: Fields },
  result: Fields,
): Fact | null => {
  if (!rewinds.isVague) return null
  const keptNativeTurnId = newestListed(call.method, call.params, result)
  if (keptNativeTurnId === undefined) return null
  rewinds.isVague = false
  return fact("thread.rewound", { keptNativeTurnId }, { threadId: nativeThreadId, callId: call.id })
}
