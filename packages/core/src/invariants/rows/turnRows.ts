/** Row invariants of turns: rules 2 and 3. */
import type { RowInvariant } from "../Invariant.js"
import { contradicts, countBy, endsWhole, gapless, indexBy, repeated, rowsThat } from "./violation.js"

export const turnRowInvariants: readonly RowInvariant[] = [
  {
    id: "row.one-running-turn",
    kind: "row",
    severity: "error",
    text: "At most one turn of a thread runs (rule 3).",
    violations: (rows) =>
      repeated("turns", rows.all("turns"), (turn) => (turn.status === "running" ? "a running turn" : null)),
  },
  {
    id: "row.turn-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A turn has an outcome, a cause, evidence and a time of its end exactly when it ended (rule 2).",
    violations: (rows) =>
      rowsThat("turns", rows.all("turns"), (turn) =>
        endsWhole(turn.status === "ended", turn.outcome, turn.cause, turn.evidence, turn.endedAt)
          ? null
          : `it is ${turn.status}: ${turn.outcome}, ${turn.cause}, ${turn.evidence}`,
      ),
  },
  {
    id: "row.observed-end-is-final",
    kind: "row",
    severity: "error",
    text: "An observed end is settled, only an ended turn is settled, only a running one stalled, a requested one uncertain.",
    violations: (rows) =>
      rowsThat("turns", rows.all("turns"), (turn) => {
        if (turn.evidence === "observed" && turn.settled === 0) return "its observed end is not settled"
        if (turn.settled === 1 && turn.status !== "ended") return `it is ${turn.status} and settled`
        if (turn.stalled === 1 && turn.status !== "running") return `it is ${turn.status} and stalled`
        return turn.uncertain === 1 && turn.status !== "requested" ? `it is ${turn.status} and uncertain` : null
      }),
  },
  {
    id: "row.uncertain-turn-has-no-answer",
    kind: "row",
    severity: "error",
    text: "A turn is uncertain only when it was delivered and the provider has not accepted it (rule 2).",
    violations: (rows) =>
      rowsThat("turns", rows.all("turns"), (turn) => {
        if (turn.uncertain === 0) return null
        if (turn.handedOver === 0) return "it is uncertain and was not delivered"
        return turn.nativeTurnId === null ? null : `it is uncertain and is the provider's ${turn.nativeTurnId}`
      }),
  },
  {
    id: "row.ended-turn-holds-nothing",
    kind: "row",
    severity: "error",
    text: "An ended turn holds no open item but work after its end, and no model call (rules 5 and 7); a request may open after it (rule 6).",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      const held = (turnId: string | null, open: boolean) => {
        const turn = open && turnId !== null ? turns.get(turnId) : undefined
        return turn?.status === "ended" ? contradicts(`it is open and turn ${turnId} has ended`, turn) : null
      }
      return [
        ...rowsThat("items", rows.all("items"), (item) =>
          held(item.turnId, item.status === "open" && item.afterEnd === 0),
        ),
        ...rowsThat("inferences", rows.all("inferences"), (one) => held(one.turnId, one.status === "running")),
      ]
    },
  },
  {
    id: "row.steered-turn-names-its-target",
    kind: "row",
    severity: "error",
    text: "A turn that was steered is cancelled and names a turn that there is; so does one that was superseded.",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      return rowsThat("turns", rows.all("turns"), (turn) => {
        if ((turn.cause === "steered") !== (turn.steeredInto !== null))
          return `cause ${turn.cause}, into ${turn.steeredInto}`
        if (turn.steeredInto !== null && turn.outcome !== "cancelled") return `it was steered and is ${turn.outcome}`
        const missing = [turn.steeredInto, turn.supersededBy].find((id) => id !== null && !turns.has(id))
        return missing === undefined ? null : `it names turn ${missing}, which there is not`
      })
    },
  },
  {
    id: "row.turn-ordinals-gapless",
    kind: "row",
    severity: "error",
    text: "Turns are numbered 1, 2, 3 … per thread.",
    violations: (rows) => gapless("turns", rows.all("turns"), (turn) => turn.ordinal),
  },
  {
    id: "row.turn-counts-its-items",
    kind: "row",
    severity: "error",
    text: "A turn's count of items is the number of its items.",
    violations: (rows) => {
      const counts = countBy(rows.all("items"), (item) => item.turnId)
      return rowsThat("turns", rows.all("turns"), (turn) => {
        const count = counts.get(turn.turnId) ?? 0
        return turn.items === count ? null : `it counts ${turn.items} items, there are ${count}`
      })
    },
  },
  {
    id: "row.rewound-turns-have-ended",
    kind: "row",
    severity: "error",
    text: "A range of turns that were taken back begins at the turn that it names, and its turns have ended (rule 13).",
    violations: (rows) => {
      const byOrdinal = new Map(rows.all("turns").map((turn) => [turn.ordinal, turn]))
      return rowsThat("rewinds", rows.all("rewinds"), ({ firstTurnId, fromOrdinal, ordinal, toOrdinal }) => {
        for (let each = fromOrdinal; each <= toOrdinal; each++) {
          const turn = byOrdinal.get(each)
          if (turn === undefined) return `rewind ${ordinal} names turn number ${each}, which there is not`
          if (turn.status !== "ended") return `turn ${turn.turnId} was taken back and is ${turn.status}`
        }
        const first = rows.all("turns").find((turn) => turn.turnId === firstTurnId)
        return first !== undefined && first.ordinal <= fromOrdinal ? null : `it does not begin at turn ${firstTurnId}`
      })
    },
  },
  {
    id: "row.rewinds-nest",
    kind: "row",
    severity: "error",
    text: "Rewinds are numbered 1, 2, 3 … per thread; one holds an earlier one whole or not at all (rule 13).",
    violations: (rows) => {
      const all = [...rows.all("rewinds")].sort((a, b) => a.ordinal - b.ordinal)
      const outer: { readonly fromOrdinal: number; readonly toOrdinal: number }[] = []
      const misplaced = rowsThat("rewinds", all, (range) => {
        while ((outer.at(-1)?.fromOrdinal ?? 0) > range.fromOrdinal) {
          const inner = outer.pop()
          if (inner !== undefined && inner.toOrdinal > range.toOrdinal) return "it holds a part of an earlier one"
        }
        if ((outer.at(-1)?.toOrdinal ?? 0) >= range.fromOrdinal) return "it begins inside an earlier one"
        outer.push(range)
        return range.depth === outer.length ? null : `its depth is ${range.depth}, not ${outer.length}`
      })
      return [...gapless("rewinds", all, (range) => range.ordinal), ...misplaced]
    },
  },
]
