/** Fields of a thread, each with the proof of what `why` says: without the event that it names the field is another. */
import type { EventEnvelope, ThreadSnapshot } from "@threadfold/contracts"
import { initialState } from "@threadfold/core"
import {
  areBad,
  foldRules,
  foldTraced,
  formatRowPath,
  isBadPath,
  keysIn,
  MapStore,
  type RowKind,
  rowKinds,
  whatIf,
  why,
} from "@threadfold/core/model"
import { sha256 } from "@threadfold/engine"
import { expect } from "vitest"

/** Fields that are proved per thread; the soak of `npm run soak -- recordings` takes more. */
const most = Number(process.env.WHY_FIELDS ?? "2")

const kinds = Object.keys(rowKinds) as RowKind[]

/** Every field of a document, as a path. */
const fieldsIn = (snapshot: ThreadSnapshot): readonly string[] =>
  kinds.flatMap((kind) => {
    const alone = rowKinds[kind].key.length === 0
    const keys = alone ? (snapshot[kind] === null ? [] : [[]]) : keysIn(snapshot, kind)
    return keys.flatMap((key) => rowKinds[kind].fields.map((field) => formatRowPath(kind, key, field)))
  })

/** Proves some fields, spread over the document. Returns how many. */
export const proveFields = (snapshot: ThreadSnapshot, events: readonly EventEnvelope[]): number => {
  const { threadId } = snapshot.thread
  const all = fieldsIn(snapshot)
  const stride = Math.max(1, Math.floor(all.length / most))
  // Another place in every thread, so that the recordings together come to all kinds of rows.
  const paths = all.filter((_, index) => index % stride === events.length % stride).slice(0, most)
  for (const path of paths) {
    const answer = why(threadId, () => events, path)
    if (isBadPath(answer)) throw new Error(answer.problem)
    const { sequence } = answer.setBy.event
    const without = whatIf(threadId, () => events, [{ op: "drop", sequence }], { digest: sha256, until: sequence })
    if (without === null || areBad(without)) throw new Error(`${path}: no answer`)
    const [row = "", field = ""] = path.split("#")
    const change = without.rows.find((one) => one.row === row || (one.row === "thread" && one.change === "removed"))
    if (change?.change === "changed")
      expect(
        change.fields.map((one) => one.field),
        path,
      ).toContain(field)
    else expect(change, path).toBeDefined()
  }
  return paths.length
}

/** Every change that the events lead to has its rule. */
export const expectRules = (threadId: string, events: readonly EventEnvelope[]): void => {
  const store = new MapStore()
  let state = initialState(threadId)
  for (const event of events) {
    const { changes, state: next, trace } = foldTraced(state, event, store)
    expect(trace.paths).toHaveLength(changes.length)
    for (const path of trace.paths) expect(foldRules).toHaveProperty(String(path.at(-1)))
    store.apply(changes)
    state = next
  }
}
