// @vitest-environment happy-dom
/** What is rendered again when something changes: a list of thousands of rows must not be, for one of them. */
import type { ThreadView } from "@threadfold/contracts"
import { act, createElement, Profiler } from "react"
import { createRoot } from "react-dom/client"
import { afterEach, expect, it } from "vitest"
import type { Api } from "../src/api/Api.js"
import { KeyedStore } from "../src/live/KeyedStore.js"
import { RowDetails } from "../src/views/threads/RowDetails.js"
import { ThreadLine } from "../src/views/threads/ThreadLine.js"

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean | undefined
}

const thread = (n: number, fields: Partial<ThreadView> = {}): ThreadView => ({
  threadId: `t-${n}`,
  title: `Thread ${n}`,
  firstWords: null,
  preview: null,
  provider: "codex",
  nativeThreadId: null,
  parentThreadId: null,
  forkedFromThreadId: null,
  status: "idle",
  activeTurnId: null,
  openRequests: 0,
  queued: 0,
  queueHeld: false,
  uncertainTurns: 0,
  failedTurnId: null,
  turns: 1,
  agent: "codex",
  cwd: "/work/app",
  model: null,
  createdAt: 1,
  updatedAt: 1,
  lastActivityAt: null,
  archivedAt: null,
  deletedAt: null,
  pinnedAt: null,
  streamVersion: 1,
  unread: false,
  ...fields,
})

const never: Pick<Api, "get"> = { get: () => new Promise(() => {}) }
const noFocus = () => {}

let end: (() => Promise<void>) | null = null
afterEach(async () => {
  await end?.()
  end = null
})

const shown = async (count: number) => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true
  const rows = new KeyedStore<ThreadView>()
  const details = new RowDetails(never)
  for (let n = 0; n < count; n += 1) rows.set(`t-${n}`, thread(n))
  const rendered: string[] = []
  const line = (n: number, active: boolean) =>
    createElement(
      Profiler,
      { id: `t-${n}`, key: n, onRender: (id) => void rendered.push(id) },
      createElement(ThreadLine, { active, details, focus: noFocus, rows, tabbable: active, threadId: `t-${n}` }),
    )
  const place = document.createElement("div")
  document.body.append(place)
  const root = createRoot(place)
  const render = (active: number) =>
    act(async () => root.render(Array.from({ length: count }, (_, n) => line(n, n === active))))
  await render(0)
  rendered.length = 0
  end = async () => {
    await act(async () => root.unmount())
    place.remove()
    globalThis.IS_REACT_ACT_ENVIRONMENT = false
  }
  return { place, rendered, rows, details, render }
}

it("renders one row for one thread that changed", async () => {
  const { place, rendered, rows } = await shown(40)
  await act(async () => rows.set("t-7", thread(7, { title: "Renamed", status: "waiting", openRequests: 1 })))
  expect(rendered).toEqual(["t-7"])
  expect(place.querySelector('[data-thread="t-7"]')?.textContent).toContain("Renamed")
  expect(place.querySelector('[data-thread="t-7"]')?.textContent).toContain("1 open request")
})

it("renders a row when its tokens come", async () => {
  const { details, place, rendered } = await shown(10)
  const usage = { threadId: "t-3", totalTokens: 12_345, inputTokens: null, outputTokens: null }
  const changes = [{ table: "usage" as const, key: ["t-3"], row: usage }]
  await act(async () => details.changed({ streamId: "t-3", sequence: 1, changes }))
  expect(rendered).toEqual(["t-3"])
  expect(place.querySelector('[data-thread="t-3"]')?.textContent).toContain("12k")
})

it("leaves rows alone that are the same when the list is rendered", async () => {
  const { place, render, rows } = await shown(20)
  // A row that renders reads its thread.
  const { get } = rows
  const read = new Set<string>()
  rows.get = (key) => {
    read.add(key)
    return get(key)
  }
  await render(5)
  expect([...read].sort()).toEqual(["t-0", "t-5"])
  expect(place.querySelector('[data-active="true"]')?.getAttribute("data-thread")).toBe("t-5")
})

it("names what it shows for those who do not see it", async () => {
  const { place, rows } = await shown(2)
  await act(async () => rows.set("t-1", thread(1, { unread: true, status: "working" } satisfies Partial<ThreadView>)))
  const row = place.querySelector('[data-thread="t-1"]')
  expect(row?.textContent).toContain("Working")
  expect(row?.textContent).toContain("Unread: Thread 1")
  expect(row?.getAttribute("href")).toBe("/threads/t-1")
})
