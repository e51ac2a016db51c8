/** Turns that the provider took back (rule 13 of the fold), as the calls, their answers and the word to all clients tell. */
import { get, list, number, text } from "./readWire.js"

/** A call that takes turns back, until its answer. */
export interface RewindCall {
  /** First turn that goes. */
  readonly before: string | null
  /** How many of the newest turns go. */
  readonly count: number | null
  /** A notification is to come, too. */
  readonly isReported: boolean
}

/** What a turn must tell to be taken back or kept. */
export interface Rewindable {
  readonly id: string
  readonly appeared: number
  readonly synthetic: boolean
  rewound: boolean
}

/** A call that takes turns back; null: the method is another one. */
export const readRewind = (method: string, params: unknown): RewindCall | null => {
  if (method !== "thread/revert" && method !== "thread/rollback") return null
  const [before, count] = [text(get(params, "beforeTurnId")), number(get(params, "numTurns"))]
  return { before, count, isReported: method === "thread/revert" }
}

/** The newest turn that an answer to `thread/rollback` says is left. */
export const newestLeft = (result: unknown): string | null =>
  text(get(list(get(result, "thread", "turns")).at(-1), "id"))

/** The turns that go, oldest first: from a named one on, all after one that stays, or so many of the newest. */
export const turnsThatGo = <T extends Rewindable>(
  all: readonly T[],
  { before, count }: Pick<RewindCall, "before" | "count">,
  left: string | null,
): readonly T[] => {
  const inOrder = [...all].sort((a, b) => a.appeared - b.appeared)
  const counted = inOrder.filter((turn) => !turn.rewound && !turn.synthetic)
  const stays = inOrder.find((turn) => turn.id === left && !turn.rewound)
  const first =
    inOrder.find((turn) => turn.id === before) ??
    (stays === undefined
      ? (counted.slice(-(count ?? 1))[0] ?? null)
      : (counted.find((turn) => turn.appeared > stays.appeared) ?? null))
  return first === null ? [] : inOrder.filter((turn) => turn.appeared >= first.appeared && !turn.rewound)
}
