/** How fast the web page is: a thread of 100,000 events, steps through its past, and 2,000 events a second live. Prints figures. */
import type { CDPSession, Page } from "playwright-core"
import { expect, it } from "vitest"
import { attach, type CalledServer, push } from "../cli/server.js"
import { closeBrowserAfterAll, evaluateIn, follow, noBrowser, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const isLong = process.env.PAGE_BENCH === "long"
const liveMs = (isLong ? 10 : 1) * 60_000
/** Events of the long thread. */
const length = 100_000
const sessions = 20
const eventsPerSecond = 2_000
const stepMs = 100
/** A turn of each thread lasts so many steps. */
const ticksOfTurn = 50

const sessionOf = (n: number): string => `01990000-0000-7000-8000-${String(n).padStart(12, "0")}`
const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
const tell = (name: string, value: number): void => console.log(`${name}: ${Math.round(value * 10) / 10}`)

/** What an adapter says in one session; its numbers go on from call to call. */
const speaker = (server: CalledServer, sessionId: string) => {
  let seq = 0
  return async (
    events: ReadonlyArray<{ readonly type: string; readonly native: object; readonly payload?: object }>,
  ) => {
    const lines = events.map((event) => {
      seq += 1
      return { channel: "adapter:bench", seq, at: Date.now(), ...event }
    })
    const refused = (await push(server, sessionId, lines)).find(({ status }) => status !== "appended")
    if (refused !== undefined) throw new Error(`an event was not taken: ${JSON.stringify(refused)}`)
  }
}

/** Turns of fifty events: a message that streams, a command with output. */
const turnOf = (n: number) => {
  const native = { turnId: `turn ${n}` }
  const message = { ...native, itemId: `message ${n}` }
  const command = { ...native, itemId: `command ${n}` }
  const pieces = (of: object, stream: string, count: number) =>
    Array.from({ length: count }, (_, piece) => ({
      type: "content.delta",
      native: of,
      payload: { stream, delta: `line ${piece} of ${n}\n` },
    }))
  return [
    { type: "turn.started", native },
    { type: "item.started", native: message, payload: { kind: "agent_message" } },
    ...pieces(message, "text", 22),
    { type: "item.completed", native: message, payload: { kind: "agent_message", status: "completed" } },
    { type: "item.started", native: command, payload: { kind: "command", title: `make ${n}` } },
    ...pieces(command, "output", 22),
    { type: "item.completed", native: command, payload: { kind: "command", status: "completed", exitCode: 0 } },
    { type: "turn.completed", native, payload: { outcome: "completed" } },
  ]
}

const heapOf = async (debug: CDPSession): Promise<number> => {
  await debug.send("HeapProfiler.collectGarbage")
  const { usedSize } = await debug.send("Runtime.getHeapUsage")
  return usedSize / 2 ** 20
}

/** Opens the page at an address anew; ms until it draws what the selector names. */
const firstPaint = async (page: Page, selector: string): Promise<number> => {
  await page.reload({ waitUntil: "commit" })
  return page.evaluate<number>(`new Promise((done) => {
    const look = () => document.querySelector(${JSON.stringify(selector)}) === null
      ? requestAnimationFrame(look)
      : requestAnimationFrame(() => setTimeout(() => done(performance.now())))
    look()
  })`)
}

closeBrowserAfterAll()

it.skipIf(noBrowser !== null)("the page's figures", async () => {
  const { server } = await loggedServer()
  for (let n = 0; n < sessions; n += 1) await attach(server, sessionOf(n), `native ${n}`, 3_600_000)
  const says = Array.from({ length: sessions }, (_, n) => speaker(server, sessionOf(n)))
  const first = says[0]
  if (first === undefined) throw new Error("no session")
  const perTurn = turnOf(0).length
  for (let n = 0; n * perTurn < length; n += 10) {
    await first(Array.from({ length: 10 }, (_, more) => turnOf(n + more)).flat())
  }
  const { threadId }: { threadId: string } = JSON.parse(
    await (await server.call(`/v1/sessions/${sessionOf(0)}`)).text(),
  )

  const person = await PagePerson.of(server)
  const page = await person.signedIn(`/threads/${threadId}`)
  await page.getByTestId("turn-end").last().waitFor()
  const paints: number[] = []
  for (let n = 0; n < 5; n += 1) paints.push(await firstPaint(page, '[data-testid="turn-end"]'))
  tell("thread of 100,000 events: ms until its end is drawn, median of 5", percentile(paints, 0.5))
  tell("the same, the slowest", Math.max(...paints))

  // Through the past, once all of it is read.
  await page.evaluate(evaluateIn("bench"))
  const since = performance.now()
  await page.keyboard.press("t")
  const range = page.getByTestId("travel-range")
  await range.waitFor()
  await page.getByRole("progressbar", { name: "Events read" }).waitFor({ state: "detached" })
  tell("s until the whole past is read", (performance.now() - since) / 1_000)
  const last = Number(await range.getAttribute("max"))
  await page.evaluate(`pageBench.scrub(${Math.floor(last / 2)})`)
  const jumps: number[] = []
  const steps: number[] = []
  let place = 12_345
  for (let n = 0; n < 100; n += 1) {
    // A fixed sequence of places all over the thread.
    place = (place * 1_103_515_245 + 12_345) % 2 ** 31
    jumps.push(await page.evaluate<number>(`pageBench.scrub(${1 + (place % (last - 1))})`))
  }
  for (let n = 0; n < 100; n += 1) {
    steps.push(await page.evaluate<number>(`pageBench.scrub(${Math.floor(last / 3) - n})`))
  }
  for (const [name, values] of [["jump", jumps] as const, ["step back", steps] as const]) {
    tell(`a ${name} in the past, ms, p50`, percentile(values, 0.5))
    tell(`a ${name} in the past, ms, p99`, percentile(values, 0.99))
    tell(`a ${name} in the past, ms, max`, Math.max(...values))
  }
  await page.keyboard.press("l")
  await page.keyboard.press("t")

  // Live: twenty threads stream, one of them is shown.
  const debug = await page.context().newCDPSession(page)
  await follow(page, "/threads")
  const { threadId: shown }: { threadId: string } = JSON.parse(
    await (await server.call(`/v1/sessions/${sessionOf(1)}`)).text(),
  )
  await follow(page, `/threads/${shown}`)
  await page.evaluate("pageBench.watch()")
  const sentAt: number[] = []
  const heaps: number[] = [await heapOf(debug)]
  const begun = Date.now()
  const perSession = (eventsPerSecond * stepMs) / 1_000 / sessions
  let behind = 0
  for (let tick = 0; tick * stepMs < liveMs; tick += 1) {
    const due = begun + tick * stepMs
    behind = Math.max(behind, Date.now() - due)
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())))
    const number = tick
    sentAt[number] = Date.now()
    await Promise.all(
      says.map((say, n) => {
        const turn = Math.floor(tick / ticksOfTurn)
        const native = { turnId: `live ${turn}` }
        const item = { ...native, itemId: `live ${n} ${turn}` }
        const opening = [
          { type: "turn.started", native },
          { type: "item.started", native: item, payload: { kind: "agent_message" } },
        ]
        const closing = [
          { type: "item.completed", native: item, payload: { kind: "agent_message", status: "completed" } },
          { type: "turn.completed", native, payload: { outcome: "completed" } },
        ]
        const isFirst = tick % ticksOfTurn === 0
        const isLast = tick % ticksOfTurn === ticksOfTurn - 1
        const pieces = Array.from({ length: perSession - (isFirst || isLast ? 2 : 0) }, (_, piece) => ({
          type: "content.delta",
          native: item,
          payload: { stream: "text", delta: `word${piece} piece${number}; ` },
        }))
        return say([...(isFirst ? opening : []), ...pieces, ...(isLast ? closing : [])])
      }),
    )
    if (tick % (10_000 / stepMs) === 0 && tick > 0) heaps.push(await heapOf(debug))
  }
  const took = (Date.now() - begun) / 1_000
  const final = sentAt.length - 1
  await page.evaluate(`pageBench.drawn(${final})`)
  const seen = await page.evaluate<ReadonlyArray<readonly [number, number]>>("pageBench.seen")
  const lags = seen.map(([number, at]) => at - (sentAt[number] ?? at))
  tell("live, events a second", (sentAt.length * perSession * sessions) / took)
  tell("the sender was late by, ms, max", behind)
  tell("ms from the push to the drawn piece, p50", percentile(lags, 0.5))
  tell("ms from the push to the drawn piece, p99", percentile(lags, 0.99))
  tell("the last piece was drawn, ms after its push", lags.at(-1) ?? Number.NaN)
  tell("heap of the page, MiB, at the beginning", heaps[0] ?? Number.NaN)
  tell("heap of the page, MiB, after a third", heaps[Math.floor(heaps.length / 3)] ?? Number.NaN)
  tell("heap of the page, MiB, at the end", heaps.at(-1) ?? Number.NaN)
  expect(person.faults).toEqual([])
})
