/**
 * What a step through a long thread costs in the page's worker: `npm run bench:past -- 100000` in apps/inspector. Prints how long the events take to be
 * folded as they come, and what looks cost: beside each other as one steps, and anywhere as one drags.
 */
import { threadPage } from "../src/past/momentPages.js"
import { Past } from "../src/past/Past.js"
import { longThread, pagesOf } from "./longThread.js"

const count = Number(process.argv[2] ?? 100_000)
/** Entries of each list that the page asks for. */
const entries = 60
const looks = 1_000

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

const figures = (times: readonly number[]): string => {
  const sorted = [...times].sort((a, b) => a - b)
  const [p50, p99, max] = [percentile(sorted, 0.5), percentile(sorted, 0.99), sorted.at(-1) ?? 0]
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`
}

/** What something took by the clock, and of the processors: a busy machine falsifies the clock alone. */
interface Took {
  readonly clock: number
  readonly processor: number
}

const timed = (body: () => void): Took => {
  const from = performance.now()
  const before = process.cpuUsage()
  body()
  const { system, user } = process.cpuUsage(before)
  return { clock: performance.now() - from, processor: (system + user) / 1000 }
}

const report = (name: string, took: readonly Took[]): void => {
  console.log(`${name}: by the clock ${figures(took.map(({ clock }) => clock))}`)
  console.log(`${" ".repeat(name.length)}  of the processors ${figures(took.map(({ processor }) => processor))}`)
}

const thread = longThread(count)
const past = new Past(thread.threadId)
const pages = [...pagesOf(thread)]
const begun = performance.now()
const adding = pages.map((page) => timed(() => past.add(new Uint8Array(page))))
const took = performance.now() - begun
console.log(
  `${count} events in ${pages.length} pages folded in ${(took / 1000).toFixed(1)} s, ${((took * 1000) / count).toFixed(0)} µs an event`,
)
report("a page", adding)

/** What the page asks at a moment: the event with what it changed, and the thread. What is sent to it is copied. */
const look = (place: number): Took =>
  timed(() => {
    const step = past.step(place)
    const page = threadPage(past.at(place), past.threadId, step?.event.sequence ?? 0, entries)
    structuredClone([step, page])
  })

/** Places all over the thread, in no order that a checkpoint would like. */
const anywhere = Array.from({ length: looks }, (_, index) => 1 + ((index * 7_919) % count))
const middle = Math.floor(count / 2)
for (const place of anywhere.slice(0, 50)) look(place)
report("anywhere", anywhere.map(look))
report(
  "the next event",
  Array.from({ length: looks }, (_, index) => look(middle + index)),
)
report(
  "the event before",
  Array.from({ length: looks }, (_, index) => look(middle + looks - index)),
)
const { checkpointBytes, checkpoints, events } = past.held
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
console.log(
  `${mib(events)} of events and ${checkpoints} checkpoints (${mib(checkpointBytes)}) held; heap ${mib(process.memoryUsage().heapUsed)}`,
)
