/** Row invariants of items, their chunks, requests and model calls: rules 5 to 7. */
import { ELSEWHERE } from "../../fold/elsewhere.js"
import type { RowInvariant } from "../Invariant.js"
import { contradicts, countBy, endsWhole, gapless, indexBy, repeated, rowsThat } from "./violation.js"

export const itemRowInvariants: readonly RowInvariant[] = [
  {
    id: "row.item-end-is-whole",
    kind: "row",
    severity: "error",
    text: "An item has a cause, evidence and a time of its end exactly when it is not open (rule 5).",
    violations: (rows) =>
      rowsThat("items", rows.all("items"), (item) =>
        endsWhole(item.status !== "open", item.cause, item.evidence, item.endedAt)
          ? null
          : `it is ${item.status}: ${item.cause}, ${item.evidence}`,
      ),
  },
  {
    id: "row.work-after-end-has-an-ended-turn",
    kind: "row",
    severity: "error",
    text: "An item that is work after the end of its turn belongs to a turn that is not running when the item is open (rule 5).",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      return rowsThat("items", rows.all("items"), (item) => {
        if (item.afterEnd === 0) return null
        if (item.turnId === null) return "it is work after the end of no turn"
        const turn = turns.get(item.turnId)
        return item.status === "open" && turn?.status !== "ended"
          ? contradicts(`it is open and its turn is ${turn?.status}`, turn)
          : null
      })
    },
  },
  {
    id: "row.item-ordinals-gapless",
    kind: "row",
    severity: "error",
    text: "Items are numbered 1, 2, 3 … per thread.",
    violations: (rows) => gapless("items", rows.all("items"), (item) => item.ordinal),
  },
  {
    id: "row.chunks-stand-for-missing-finals",
    kind: "row",
    severity: "error",
    text: "An item counts its chunks; one with a final text has none; no chunk is without its item (rule 5).",
    violations: (rows) => {
      const chunks = countBy(rows.all("item_chunks"), (chunk) => chunk.itemId)
      const items = indexBy(rows.all("items"), (item) => item.itemId)
      return [
        ...rowsThat("items", rows.all("items"), (item) => {
          const count = chunks.get(item.itemId) ?? 0
          if (item.hasFinal === 1 && count > 0) return `it has a final text and ${count} chunks`
          return item.chunks === count ? null : `it counts ${item.chunks} chunks, there are ${count}`
        }),
        ...rowsThat("item_chunks", rows.all("item_chunks"), (chunk) =>
          items.has(chunk.itemId) ? null : `its item ${chunk.itemId} is not there`,
        ),
      ]
    },
  },
  {
    id: "row.chunk-ordinals-gapless",
    kind: "row",
    severity: "error",
    text: "The chunks of an item are numbered 0, 1, 2 …",
    violations: (rows) => {
      const counts = countBy(rows.all("item_chunks"), (chunk) => chunk.itemId)
      return rowsThat("item_chunks", rows.all("item_chunks"), (chunk) =>
        chunk.ordinal < (counts.get(chunk.itemId) ?? 0)
          ? null
          : `number ${chunk.ordinal} of ${counts.get(chunk.itemId)}`,
      )
    },
  },
  {
    id: "row.answered-request-has-its-decision",
    kind: "row",
    severity: "error",
    text: "A request that was answered or is being answered has its decision, unless another client decided; an open one has none (rule 6).",
    violations: (rows) =>
      rowsThat("requests", rows.all("requests"), (one) => {
        const decided = one.status === "answered" || one.status === "answering"
        const elsewhere = one.status === "answered" && one.decidedBy === ELSEWHERE && one.evidence === "inferred"
        if (decided && one.decision === null && !elsewhere) return `it is ${one.status} without a decision`
        if (one.status !== "open") return null
        if (one.decision !== null) return `it is open and decided: ${one.decision}`
        return one.answerCommandId === null ? null : `it is open and answered by command ${one.answerCommandId}`
      }),
  },
  {
    id: "row.request-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A request has a cause, evidence and a time of its end exactly when it no longer waits (rule 6).",
    violations: (rows) =>
      rowsThat("requests", rows.all("requests"), (one) =>
        endsWhole(one.status !== "open" && one.status !== "answering", one.cause, one.evidence, one.endedAt)
          ? null
          : `it is ${one.status}: ${one.cause}, ${one.evidence}`,
      ),
  },
  {
    id: "row.inference-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A model call has a cause, evidence and a time of its end exactly when it no longer runs (rule 7).",
    violations: (rows) =>
      rowsThat("inferences", rows.all("inferences"), (one) =>
        endsWhole(one.status !== "running", one.cause, one.evidence, one.endedAt)
          ? null
          : `it is ${one.status}: ${one.cause}, ${one.evidence}`,
      ),
  },
  {
    id: "row.inference-counts-its-items",
    kind: "row",
    severity: "error",
    text: "A model call counts its output items, which are numbered 1, 2, 3 … and have each a key of their own; no item is without its call (rule 7).",
    violations: (rows) => {
      const items = rows.all("inference_items")
      const counts = countBy(items, (item) => item.inferenceId)
      const calls = indexBy(rows.all("inferences"), (one) => one.inferenceId)
      return [
        ...rowsThat("inferences", rows.all("inferences"), (one) => {
          const count = counts.get(one.inferenceId) ?? 0
          return one.items === count ? null : `it counts ${one.items} output items, there are ${count}`
        }),
        ...rowsThat("inference_items", items, ({ inferenceId, ordinal }) => {
          if (!calls.has(inferenceId)) return `its call ${inferenceId} is not there`
          const count = counts.get(inferenceId) ?? 0
          return ordinal >= 1 && ordinal <= count ? null : `number ${ordinal} of ${count}`
        }),
        ...repeated("inference_items", items, ({ inferenceId, itemKey }) => `${inferenceId} ${itemKey}`),
      ]
    },
  },
]
