/** A database that a broken fold left: the log of a stuck state, and the rows that its flaws make of it. */

import type { NativeRef } from "@threadfold/contracts"
import { fold } from "@threadfold/core"
import { walk } from "@threadfold/core/model"
import { eventSourceOf, makeWriter, memoryWork } from "@threadfold/engine"
import { eventsOf } from "@threadfold/projections"
import {
  brokenFold,
  type LookAlike,
  lookAlikeDrafts,
  type StuckState,
  stuckDrafts,
  stuckThreadId,
} from "@threadfold/testkit"
import type Sqlite from "better-sqlite3"
import { Library } from "../recordings/Library.js"

/** Our clock while the log is written, ms since the epoch. */
const now = 1_795_150_600_000

/** What refuses impossible rows: the system that left them had none of it. */
const withoutRefusals = (handle: Sqlite.Database): void => {
  handle.pragma("ignore_check_constraints = ON")
  const unique = handle
    .prepare<[], { readonly name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE INDEX%WHERE%'",
    )
    .all()
  for (const { name } of unique) handle.exec(`DROP INDEX ${name}`)
}

type Drafts = ReturnType<typeof stuckDrafts>

/** Has the engine store a log. */
const write = (library: Library, name: string, parts: Drafts): Promise<void> =>
  library.own(({ driver, store }) => {
    const writer = makeWriter({ driver, store, work: memoryWork(), clock: () => now })
    for (const part of parts) {
      const drafts = part.map((draft) => {
        const native: NativeRef | null = draft.event.native
        return { ...draft, event: { ...draft.event, native } }
      })
      const [outcome] = writer.process([{ drafts }])
      if (outcome?.ok !== true) throw new Error(`${name}: ${JSON.stringify(outcome)}`)
    }
  })

/** Makes the database of a log that looks stuck, with the rows that it leads to. */
export const makeLookAlike = async (one: LookAlike): Promise<Library> => {
  const library = new Library()
  await write(library, one.name, lookAlikeDrafts(one))
  return library
}

/** Makes the database. The log is what the engine stores; then the broken fold makes the rows anew. */
export const makeStuckDatabase = async (state: StuckState): Promise<Library> => {
  const library = new Library()
  const threadId = stuckThreadId(state)
  await write(library, state.name, stuckDrafts(state))
  await library.own(({ driver, handle, store }) => {
    withoutRefusals(handle)
    const events = [...eventsOf(eventSourceOf(driver), threadId)]
    const kept = store.loadFoldState(threadId)
    store.clearStream(threadId)
    for (const { changes } of walk(threadId, events, brokenFold(state, fold))) store.apply(changes)
    if (kept !== null) store.saveFoldState(kept)
  })
  return library
}
