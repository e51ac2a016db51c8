/** What the kinds of `bench open` cost, counted: the same with ten times as much open, on any machine. */
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { fold } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { databaseGroups, eventSourceOf, makeWriter, type Submission, sqliteSetup } from "@threadfold/engine"
import { openSqlite } from "@threadfold/event-log"
import { type ProjectionStore, refold } from "@threadfold/projections"
import { Effect } from "effect"
import { workplace } from "../workplace.js"
import { kinds } from "./kinds.js"
import { type GeneratedEvent, ThreadGenerator } from "./ThreadGenerator.js"

interface Work {
  /** Look-ups of rows. */
  asked: number
  /** Rows that lists gave. */
  listed: number
  /** Changes of rows that were written, after netting. */
  written: number
  /** Calls of the log. */
  log: number
}

const nothing = (): Work => ({ asked: 0, listed: 0, written: 0, log: 0 })

/** The same service; `report` gets each call with its result. */
const watched = <S extends object>(
  service: S,
  report: (name: string, given: readonly unknown[], gave: unknown) => void,
): S =>
  new Proxy(service, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== "function") return member
      return (...given: readonly unknown[]): unknown => {
        const gave: unknown = Reflect.apply(member, target, given)
        report(String(name), given, gave)
        return gave
      }
    },
  })

const countingStore = (store: ProjectionStore, work: Work): ProjectionStore =>
  watched(store, (name, given, gave) => {
    if (name === "apply") work.written += Array.isArray(given[0]) ? given[0].length : 0
    else if (name === "find" || name === "findAll" || name === "list") work.asked += 1
    if (Array.isArray(gave)) work.listed += gave.length
  })

/** More than any limit of what a state holds, so that both sizes are beyond it. */
const SMALL = 110

/** What a turn and its end cost in a thread with so much open, how large its state is, and what it costs to fold them again. */
const costOf = (opening: (n: number) => GeneratedEvent, size: number) =>
  Effect.gen(function* () {
    const directory = yield* workplace
    const database = yield* openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups })
    const setup = sqliteSetup(database, { clock: () => 1_800_000_000_000 })
    const work = nothing()
    const store = countingStore(setup.store, work)
    const call = () => {
      work.log += 1
    }
    const writer = makeWriter({ ...setup, store, driver: watched(setup.driver, call) })
    const write = (submission: Submission): void => {
      const [outcome] = writer.process([submission])
      expect(outcome).toMatchObject({ ok: true })
      if (outcome?.ok === true)
        expect(new Set(outcome.results.map(({ status }) => status))).toEqual(new Set(["appended"]))
    }
    const counted = (run: () => void): Work => {
      Object.assign(work, nothing())
      run()
      return { ...work }
    }
    const thread = new ThreadGenerator("counted", 1_800_000_000_000)
    write(thread.begin())
    for (let n = 0; n < size; n += SMALL) {
      write(thread.submission(...Array.from({ length: SMALL }, (_, index) => opening(n + index))))
    }
    const begun = thread.made
    write(thread.turn([opening(size)]))
    write(thread.end())
    const turn = counted(() => write(thread.turn([opening(size + 1)])))
    const end = counted(() => write(thread.end()))
    const state = setup.store.loadFoldState(thread.streamId)?.state ?? ""
    const source = eventSourceOf(database.driver)
    const rows = new MapStore()
    const prefix = refold(source, rows, fold, thread.streamId, begun)
    const again = counted(() => {
      refold(source, countingStore(rows, work), fold, thread.streamId, null, prefix.state)
    })
    return { turn, end, again, bytes: state.length }
  }).pipe(Effect.scoped)

it.live.each(Object.entries(kinds))("%s: as much work with ten times as much open", ([, opening]) =>
  Effect.gen(function* () {
    const few = yield* costOf(opening, SMALL)
    const many = yield* costOf(opening, 10 * SMALL)
    expect(many.turn).toEqual(few.turn)
    expect(many.end).toEqual(few.end)
    expect(many.again).toEqual(few.again)
    // Numbers have a digit more.
    expect(many.bytes).toBeLessThan(few.bytes + 100)
  }),
)
