/** The model and the reducer as a browser loads them: no module of Node, no global of Node, and the same rows. */
import { createContext, runInContext } from "node:vm"
import type { EventEnvelope } from "@threadfold/contracts"
import type { RowsSnapshot } from "@threadfold/contracts/api"
import { snapshotOf } from "@threadfold/core/model"
import { recording } from "@threadfold/testkit"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Library } from "../recordings/Library.js"
import { Served } from "./Served.js"

const bundle = async (contents: string): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "threadfold",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    logLevel: "silent",
  })
  return outputFiles[0]?.text ?? ""
}

/** What a page has and the language has not. */
const pageGlobals = () => ({
  TextEncoder,
  TextDecoder,
  URL,
  URLSearchParams,
  AbortController,
  crypto,
  setTimeout,
  clearTimeout,
})

describe("in a browser", () => {
  let library: Library
  let served: Served
  let events: readonly EventEnvelope[]
  let snapshot: RowsSnapshot
  beforeAll(async () => {
    library = new Library()
    served = new Served()
    await library.import([recording("codex-50-revert").path])
    events = library.events()
    const middle = Math.floor(events.length / 2)
    for (const [index, event] of events.entries()) {
      served.take(event)
      if (index === middle) snapshot = await served.snapshot(event.streamId, 50)
    }
  })
  afterAll(async () => {
    await served.close()
    library.close()
  })

  it("folds a recorded thread to the rows and views that the server has", async () => {
    const code = await bundle(`
      import { applyEvent, stateOf, viewOf } from "@threadfold/client"
      import { fold, initialState } from "@threadfold/core"
      import { MapStore, Overlay, snapshotOf } from "@threadfold/core/model"

      export const follow = (snapshot: string, events: string): string => {
        let state = stateOf(JSON.parse(snapshot))
        const kinds = new Set<string>()
        for (const event of JSON.parse(events)) {
          const applied = applyEvent(state, event)
          kinds.add(applied.kind)
          state = applied.state
        }
        return JSON.stringify({ kinds: [...kinds].sort(), view: viewOf(state) })
      }

      export const foldAll = (threadId: string, events: string): string => {
        const store = new MapStore()
        let state = initialState(threadId)
        for (const event of JSON.parse(events)) {
          const overlay = new Overlay(store)
          const step = fold(state, event, overlay)
          overlay.stage(step.changes)
          store.apply(overlay.net())
          state = step.state
        }
        return JSON.stringify(snapshotOf(store.rowsOf(threadId), 0))
      }
    `)
    const page = createContext(pageGlobals())
    runInContext(code, page)
    expect(runInContext("[typeof process, typeof require, typeof Buffer]", page).join()).toBe(
      "undefined,undefined,undefined",
    )
    const { threadId } = snapshot
    const ofThread = events.filter(({ streamId }) => streamId === threadId)
    const expected = snapshotOf(served.store.rowsOf(threadId), 0)
    Object.assign(page, { snapshot: JSON.stringify(snapshot), events: JSON.stringify(ofThread), threadId })
    const followed = JSON.parse(runInContext("threadfold.follow(snapshot, events)", page))
    expect(followed.kinds).toEqual(["applied", "ignored"])
    const sequence = ofThread.at(-1)?.sequence
    expect(followed.view).toEqual(JSON.parse(JSON.stringify({ ...expected, sequence })))
    const folded = JSON.parse(runInContext("threadfold.foldAll(threadId, events)", page))
    expect(folded).toEqual(JSON.parse(JSON.stringify(expected)))
  })

  it("is refused a module of Node: the bundle that proves it would not be made", async () => {
    await expect(bundle('import { readFileSync } from "node:fs"; export { readFileSync }')).rejects.toThrow("node:fs")
  })
})
