/**
 * The turn in progress that the answer to a resume or rejoin lists, with its items so far. It becomes the events that the
 * client has missed, marked as joined. Finished turns are history and become no events.
 */
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  attempt,
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  isFields,
  mayHaveId,
} from "../../runtime/readFields.js"
import { type CodexThread, itemKey, type Session } from "./CodexThread.js"
import { described } from "./itemEntries.js"
import { type ItemView, outcomeOf, readError, readItem } from "./readItem.js"

/** The turns that an answer lists, with the thread or as the page that the call asked for. */
const turnsIn = (result: Fields): readonly Fields[] =>
  [
    ...hintArray(hintFields(result, "thread") ?? {}, "turns"),
    ...hintArray(hintFields(result, "initialTurnsPage") ?? {}, "data"),
  ].filter(isFields)

/** Kinds of items that stream and have no status of their own. */
const written = new Set<ItemView["kind"]>(["agent_message", "reasoning", "plan"])

/** Whether an item goes on: by its status, else by the time of its end. Without either, the last item goes on. */
const goesOn = (item: Fields, view: ItemView, isLast: boolean): boolean => {
  const status = hintText(item, "status")
  if (status !== undefined) return status === "inProgress"
  if (hintNumber(item, "completedAtMs") !== undefined) return false
  return written.has(view.kind) && (isLast || hintNumber(item, "startedAtMs") !== undefined)
}

const joinedItem = (thread: CodexThread, session: Session, turnId: string, item: Fields, isLast: boolean): Fact => {
  const view = readItem(item)
  const native = { threadId: thread.id, turnId, itemId: view.id }
  if (goesOn(item, view, isLast)) {
    session.known.add(itemKey(turnId, view.id))
    const text =
      view.kind === "reasoning"
        ? { parts: hintTexts(item, "summary") }
        : { text: view.text === "" ? undefined : (view.text ?? undefined) }
    return fact("item.started", { ...described(view), ...text, joined: true }, native)
  }
  session.known.delete(itemKey(turnId, view.id))
  const { durationMs, exitCode, status, text } = view
  return fact("item.completed", { ...described(view), status, text, exitCode, durationMs, joined: true }, native)
}

/** The end of the turn that this session has shown to run, where the answer lists it as finished. */
const endedMeanwhile = (thread: CodexThread, session: Session, result: Fields): readonly Fact[] => {
  const turnId = session.running
  const turn = turnsIn(result).find((one) => turnId !== undefined && hintText(one, "id") === turnId)
  const outcome = turn === undefined ? undefined : outcomeOf(hintText(turn, "status"))
  if (turnId === undefined || turn === undefined || outcome === undefined) return []
  session.running = undefined
  const error = hintFields(turn, "error")
  const items = hintArray(turn, "items").filter(isFields)
  const ended = items.flatMap((item): readonly Fact[] => {
    if (!session.known.has(itemKey(turnId, hintText(item, "id") ?? ""))) return []
    const read = attempt(() => joinedItem(thread, session, turnId, item, false))
    return "value" in read && read.value.type === "item.completed" ? [read.value] : []
  })
  session.known.clear()
  const completed = { outcome, error: error === undefined ? undefined : readError(error) }
  return [...ended, fact("turn.completed", completed, { threadId: thread.id, turnId })]
}

/** The facts of the answer to a resume. An item that cannot be read is left out. */
export const joinedFacts = (thread: CodexThread, session: Session, result: Fields): readonly Fact[] => [
  ...endedMeanwhile(thread, session, result),
  ...runningFacts(thread, session, result),
]

const runningFacts = (thread: CodexThread, session: Session, result: Fields): readonly Fact[] => {
  const threadId = thread.id
  const running = turnsIn(result).find((turn) => hintText(turn, "status") === "inProgress")
  const turnId = running === undefined ? undefined : mayHaveId(running, "id")
  if (running === undefined || turnId === undefined) {
    const status = hintText(hintFields(hintFields(result, "thread") ?? {}, "status") ?? {}, "type")
    if (status !== "active") return []
    return [fact("session.state.changed", { state: "running", nativeState: status }, { threadId })]
  }
  session.running = turnId
  const items = hintArray(running, "items").filter(isFields)
  const facts = items.flatMap((item, index): readonly Fact[] => {
    const read = attempt(() => joinedItem(thread, session, turnId, item, index === items.length - 1))
    return "value" in read ? [read.value] : []
  })
  return [fact("turn.started", { joined: true }, { threadId, turnId }), ...facts]
}
