/** A stored story for each rule of the fold, and proof that it breaks when the rule is left out. */

import { readFileSync } from "node:fs"
import { type NativeRef, type TableName, tables } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { Scenario } from "../../test/Scenario.js"
import type { Fold } from "../Change.js"
import { cancelRequestsOfTurn, closeRealtime } from "./closures.js"
import { fold, foldBy } from "./fold.js"
import { type Rule, type RuleBook, rules } from "./rules.js"
import type { Step } from "./Step.js"

interface Fixture {
  readonly rule: number
  /** The fold without what the story is about. Default: the one without the rule. */
  readonly without?: string
  readonly title: string
  readonly events: readonly {
    readonly type: string
    readonly payload: unknown
    readonly session?: string
    readonly channel?: string
    readonly commandId?: string
    readonly native?: NativeRef
    readonly at?: number
  }[]
  readonly rows: Readonly<Record<string, readonly object[]>>
}

const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(new URL("../../test/fixtures/rules.json", import.meta.url), "utf8"),
)

const isTable = (name: string): name is TableName => Object.hasOwn(tables, name)

const tell = (fixture: Fixture, foldWith: Fold): Scenario =>
  fixture.events.reduce(
    (s, { payload, type, ...options }) => s.sendRaw(type, payload, options),
    new Scenario(undefined, foldWith),
  )

const expectRows = (fixture: Fixture, foldWith: Fold): void => {
  const s = tell(fixture, foldWith)
  for (const [table, rows] of Object.entries(fixture.rows)) {
    if (!isTable(table)) throw new Error(`no table ${table}`)
    expect(s.rows.all(table)).toMatchObject(rows)
  }
}

/** The book with some rules taken over by others. */
const book = (changed: Partial<RuleBook>): Fold => foldBy({ ...rules, ...changed })
const ignored: Rule = () => true
const field = (payload: unknown, name: string): unknown => Reflect.get(Object(payload), name)
const itemOf = (step: Step) => step.findItem(step.event.itemId ?? "")
/** Does this to the step before the real rule runs. */
const first =
  (rule: Rule, change: (step: Step) => void): Rule =>
  (step, payload) => {
    change(step)
    return rule(step, payload)
  }

/** Rule → the fold without it, as neighbouring systems behaved. */
const without: Readonly<Record<string, Fold>> = {
  // The status is stored and the pointer stays.
  1: book({
    "session.state.changed": (step, payload) => {
      if (step.state.session !== null && field(payload, "state") === "ready") {
        step.putSession({ ...step.state.session, status: "ready" })
      }
      return true
    },
  }),
  // Whatever ended stays as it is.
  2: book({
    "turn.completed": (step, payload) => step.state.active === null || rules["turn.completed"](step, payload),
  }),
  // The last start wins.
  3: book({ "turn.started": (step) => rules["turn.started"](step, { supersedes: true }) }),
  // Events of every session count.
  4: book({
    "session.state.changed": first(rules["session.state.changed"], (step) => {
      step.relation = "current"
    }),
  }),
  // What a turn's end closed stays closed.
  5: book({
    "item.completed": (step, payload) =>
      step.findItem(step.event.itemId ?? "")?.status !== "open" || rules["item.completed"](step, payload),
  }),
  // Only a start makes an item.
  "content-first": book({
    "item.completed": (step, payload) => itemOf(step) === null || rules["item.completed"](step, payload),
  }),
  "delta-first": book({
    "content.delta": (step, payload) => itemOf(step) === null || rules["content.delta"](step, payload),
  }),
  // A turn that is over takes nothing.
  "after-end": book({
    "item.started": (step, payload) => step.state.active === null || rules["item.started"](step, payload),
  }),
  "after-end-settled": book({ "turn.after-end-settled": ignored }),
  // Whatever ended, and however we know, stays as it is.
  join: book({ "turn.started": (step) => rules["turn.started"](step, {}) }),
  // A text that is sent again is one more piece.
  "joined-text": book({
    "item.started": (step, payload) =>
      itemOf(step) === null
        ? rules["item.started"](step, payload)
        : rules["content.delta"](step, { stream: "text", delta: field(payload, "text") }),
  }),
  // The last answer wins.
  6: book({
    "request.answering": (step, payload) => {
      const request = step.find("requests", step.event.requestId ?? "")
      if (request?.status === "open" || request?.status === "answering") {
        step.putRequest({ ...request, status: "answering", decision: String(field(payload, "decision")) })
      }
      return true
    },
  }),
  // What comes after the end is closed at once.
  "question-after-end": book({
    "user-input.requested": (step, payload) => {
      if (!rules["user-input.requested"](step, payload)) return false
      if (step.state.active === null) cancelRequestsOfTurn(step, step.event.turnId ?? "")
      return true
    },
  }),
  // An answer that was given is an answer, whatever became of it.
  "answer-failed": book({ "request.answer-failed": ignored }),
  // What has no answer was withdrawn.
  elsewhere: book({
    "request.resolved": (step, payload) => {
      const active = step.state.active
      step.state.active = null
      const done = rules["request.resolved"](step, payload)
      step.state.active = active
      return done
    },
  }),
  // What is answered stays so.
  "clean-up": book({
    "turn.completed": first(rules["turn.completed"], (step) => {
      step.decidedElsewhere = []
    }),
  }),
  // The last terminal wins.
  7: book({
    "inference.completed": (step) => {
      const attempt = step.find("inferences", step.event.inferenceId ?? "")
      if (attempt !== null) step.putInference({ ...attempt, status: "completed" })
      return true
    },
  }),
  // Every voice error ends what is live.
  8: book({
    "realtime.error": (step) => {
      if (step.state.realtime !== null) closeRealtime(step, step.state.realtime, "error", "observed")
      return true
    },
  }),
  // A close means what is live, whatever it names.
  "voice-names": book({
    "realtime.closed": first(rules["realtime.closed"], (step) => {
      const live = step.state.realtime
      if (live !== null) closeRealtime(step, live, "error", "observed")
    }),
  }),
  // Nothing follows from a settled end.
  9: book({ "turn.settled": ignored }),
  // A delegation has its turn when it comes, or never.
  "handoff-first": book({
    "turn.started": first(rules["turn.started"], (step) => {
      step.state.open = { ...step.state.open, delegations: 0 }
    }),
  }),
  // Totals are added up.
  10: book({
    "thread.token-usage.updated": first(rules["thread.token-usage.updated"], (step) => {
      step.state.baseline = null
    }),
  }),
  // No id means the current turn.
  11: book({
    "turn.completed": first(rules["turn.completed"], (step) => {
      Object.assign(step, { event: { ...step.event, turnId: step.event.turnId ?? step.state.active?.turnId ?? null } })
    }),
  }),
  // What a source dates earlier came too late.
  12: book({
    "turn.completed": (step, payload) =>
      step.at < (step.state.active?.startedAt ?? 0) || rules["turn.completed"](step, payload),
  }),
  // The provider cut its own history; ours says nothing of it.
  13: book({ "thread.rewound": ignored }),
  // A total that fell is where counting goes on.
  "usage-repeat": book({
    "thread.token-usage.updated": first(rules["thread.token-usage.updated"], (step) => {
      const { baseline } = step.state
      if (baseline !== null) step.state.baseline = { ...baseline, turnStarted: true }
      Object.assign(step, { event: { ...step.event, turnId: step.state.active?.turnId ?? null } })
    }),
  }),
}

describe("the stored story of every rule", () => {
  it("is there for all thirteen", () => {
    expect([...new Set(fixtures.map((one) => one.rule))].sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    ])
  })

  it.each(fixtures.map((one) => [one.rule, one.title, one] as const))("rule %d: %s", (_rule, _title, fixture) => {
    expectRows(fixture, fold)
  })

  it.each(fixtures.map((one) => [one.rule, one.title, one] as const))(
    "rule %d breaks without it: %s",
    (rule, _, fixture) => {
      const broken = without[fixture.without ?? `${rule}`]
      if (broken === undefined) throw new Error(`no fold without ${fixture.without ?? `rule ${rule}`}`)
      expect(() => expectRows(fixture, broken)).toThrow()
    },
  )
})
