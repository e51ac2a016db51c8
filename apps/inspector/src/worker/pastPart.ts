/** The part of the worker that holds the past of one thread. It is started anew for another thread. */
import { checkRows, invariants } from "@threadfold/core"
import { diffStores, type ForkedStore } from "@threadfold/core/model"
import { lanesOf } from "../past/laneRows.js"
import { listPage, threadPage } from "../past/momentPages.js"
import { Past, unlessMissing } from "../past/Past.js"
import type { PastAnswer, PastAsk, PastTimeline } from "../past/pastMessages.js"

let past: Past | null = null

const opened = (): Past => {
  if (past === null) throw new Error("No event of the thread was given yet.")
  return past
}

const textOfInvariant = new Map(invariants.map(({ id, text }) => [id, text]))

const timelineOf = (of: Past): PastTimeline => {
  const { anomalies, moreAnomalies, rows, threadId } = of
  const broken = [...of.violations, ...checkRows(threadId, { all: (table) => [...rows.all(table)] })]
  return {
    kind: "timeline",
    lanes: lanesOf(rows, (sequence) => of.timeOf(sequence)),
    anomalies,
    moreAnomalies,
    violations: broken.map(({ detail, invariant, sequence }) => ({
      invariant,
      text: textOfInvariant.get(invariant) ?? invariant,
      sequence,
      detail,
    })),
  }
}

/** What a moment shows; before the thread's first event there is nothing. */
const momentOf = (at: number): { readonly of: Past; readonly store: ForkedStore } => {
  const of = opened()
  return { of, store: of.at(of.placeOf(at)) }
}

const answered = (ask: PastAsk): PastAnswer => {
  switch (ask.kind) {
    case "add":
      past ??= new Past(ask.threadId)
      return past.add(new Uint8Array(ask.page))
    case "payloads":
      return opened().payloads(ask.payloads)
    case "thread": {
      const { of, store } = momentOf(ask.at)
      const page = threadPage(store, of.threadId, ask.at, ask.limit)
      if (page === null) throw new Error(`The thread was not there at event ${ask.at}.`)
      return { kind: "thread", page }
    }
    case "list": {
      const { of, store } = momentOf(ask.at)
      return { kind: "list", page: listPage(store, of.threadId, ask.at, ask) }
    }
    case "step": {
      const of = opened()
      const step = of.step(of.placeOf(ask.at))
      if (step === null) throw new Error(`The thread has no event at ${ask.at}.`)
      return step
    }
    case "diff": {
      const of = opened()
      const from = of.copyAt(of.placeOf(ask.from))
      return { kind: "diff", rows: diffStores(of.threadId, from, of.at(of.placeOf(ask.to))) }
    }
    case "timeline":
      return timelineOf(opened())
  }
}

const asks: ReadonlySet<unknown> = new Set(["add", "payloads", "thread", "list", "step", "diff", "timeline"])

/** The page and its worker are built together: what has a known kind is a question of this form. */
const isAsk = (message: unknown): message is PastAsk =>
  typeof message === "object" && message !== null && "kind" in message && asks.has(message.kind)

/** Answers a message to the worker. */
export const answer = (message: unknown): PastAnswer => {
  if (!isAsk(message)) throw new TypeError("Not a question about a thread's past.")
  return unlessMissing(() => answered(message))
}
