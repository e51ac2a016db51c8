/** What is open in a thread does not make other events in it slower (docs/architecture.md). */

import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams } from "../../test/ManyStreams.js"
import { arbEvents } from "../../test/randomEvents.js"
import { Scenario, strong } from "../../test/Scenario.js"
import { encodeState, type Fold, fold, type RowSource } from "../index.js"
import { recentItemsLimit } from "../state/FoldState.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "40")
const arbAny = fc.oneof(
  arbSession(),
  arbHostile(arbSession()),
  arbEvents(40),
  arbEvents(40, "item.", "content.", "turn."),
  arbEvents(40, "request.", "inference.", "task.", "realtime.handoff", "delegation.", "turn."),
)

const openIn = (world: ManyStreams, streamId: string) => {
  const rows = world.rows.of(streamId)
  const count = (table: Parameters<typeof rows.all>[0], ...statuses: readonly string[]) =>
    rows.all(table).filter((row) => "status" in row && statuses.includes(row.status)).length
  return {
    items: count("items", "open"),
    afterEnd: rows.all("items").filter((item) => item.status === "open" && item.afterEnd === 1).length,
    requests: count("requests", "open", "answering"),
    unanswered: count("requests", "open"),
    inferences: count("inferences", "running"),
    delegations: count("delegations", "open"),
    tasks: count("tasks", "running"),
  }
}

describe("the open state", () => {
  it("counts what is open, and has at hand what the rows say", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          const world = new ManyStreams().takeAll(events)
          for (const [streamId, { open, recentItems }] of world.states) {
            expect(open).toEqual(openIn(world, streamId))
            for (const item of recentItems) expect(world.rows.source.find("items", "key", [item.itemId])).toEqual(item)
          }
        }),
      ),
      { numRuns },
    )
  })

  it("leads to the same rows, whatever it has at hand", async () => {
    const forgetful: Fold = (state, event, rows) => fold({ ...state, recentItems: [] }, event, rows)
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          expect(new ManyStreams(forgetful).takeAll(events).dump()).toEqual(new ManyStreams().takeAll(events).dump())
        }),
      ),
      { numRuns },
    )
  })
})

/** A scenario that counts the rows which the fold reads. */
const counted = () => {
  const given = { rows: 0 }
  const counting = (rows: RowSource): RowSource => ({
    ...rows,
    find: (table, lookup, values) => {
      given.rows += 1
      return rows.find(table, lookup, values)
    },
    list: (table, name, values) => {
      const found = rows.list(table, name, values)
      given.rows += 1 + found.length
      return found
    },
  })
  const s = new Scenario(undefined, (state, event, rows) => fold(state, event, counting(rows)))
  return { s, given }
}

const kinds: Readonly<Record<string, (s: Scenario, n: number) => void>> = {
  items: (s, n) => void s.send("item.started", { kind: "command" }, { native: { itemId: `i${n}` } }),
  requests: (s, n) => void s.send("request.opened", { kind: "other" }, { native: { requestId: `q${n}` } }),
  inferences: (s, n) => void s.send("inference.started", {}, { native: { inferenceId: `c${n}` } }),
  delegations: (s, n) => void s.send("realtime.handoff", {}, { native: { handoffId: `h${n}` } }),
  tasks: (s, n) => void s.send("task.started", {}, { native: { taskId: `k${n}` } }),
  "output items": (s, n) => {
    if (n === 0) s.send("inference.started", {}, { native: { inferenceId: "c" } })
    s.send("inference.item", { key: `#${n}` }, { native: { inferenceId: "c" } })
  },
}

/** What happens beside it: a turn with something of every kind, from its start to its end. */
const wholeTurn = (s: Scenario, name: string): void => {
  const turnId = strong(name)
  s.turn(turnId).item("a", turnId).delta("a", turnId, "x")
  for (const [kind, open] of Object.entries({ requestId: "request.opened", inferenceId: "inference.started" })) {
    s.sendRaw(open, { kind: "other" }, { native: { turnId, [kind]: name } })
  }
  s.complete(turnId)
}

/** Something that costs what it closes, and must not cost what else is open. */
const stories: Readonly<Record<string, (s: Scenario, name: string) => void>> = {
  "a whole turn": wholeTurn,
  "work after a turn's end, and the next turn": (s, name) => {
    s.turn(strong(name)).complete(strong(name)).item("late", strong(name))
    wholeTurn(s, `${name}, next`)
  },
  "work after a turn's end that is settled": (s, name) => {
    s.turn(strong(name)).complete(strong(name)).item("late", strong(name))
    s.send("turn.after-end-settled", { silentMs: 1 }, { native: { turnId: strong(name) }, session: null })
  },
  "a turn that is taken back": (s, name) => {
    wholeTurn(s, name)
    s.send("request.opened", { kind: "other" }, { native: { requestId: "late", turnId: strong(name) } })
    s.send("thread.rewound", {})
  },
  "an item that names no turn": (s, name) => {
    const native = { itemId: name }
    s.send("item.started", { kind: "agent_message" }, { native })
    s.send("content.delta", { stream: "text", delta: "x" }, { native })
    s.send("item.completed", { kind: "agent_message", status: "completed", text: "x" }, { native })
  },
}

describe.each(Object.entries(kinds))("with %s open", (_, open) => {
  const priceWith = (size: number, story: (s: Scenario, name: string) => void) => {
    const { given, s } = counted()
    s.start()
    for (let n = 0; n < size; n++) open(s, n)
    story(s, "warm")
    const before = given.rows
    story(s, "measured")
    open(s, size)
    return { rows: given.rows - before, bytes: encodeState(s.state).length }
  }

  it.each(Object.entries(stories))(
    "%s looks at as many rows with ten times as much, and the state is as large",
    (_, story) => {
      const few = priceWith(2 * recentItemsLimit, story)
      const many = priceWith(20 * recentItemsLimit, story)
      expect(many.rows).toBe(few.rows)
      // Numbers have a digit more.
      expect(many.bytes).toBeLessThan(few.bytes + 100)
    },
  )
})
