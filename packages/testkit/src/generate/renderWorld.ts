/** Turns a plan of a world into the events that its sources deliver. It is pure: the same plan gives the same events. */
import type fc from "fast-check"
import { type Draft, finish, type GeneratedEvent } from "./GeneratedEvent.js"
import { renderAction, totalsOf } from "./renderAction.js"
import { renderTurn } from "./renderTurn.js"
import { namedUuid, seededIds } from "./seeded.js"
import {
  beginSession,
  emit,
  emitAsClient,
  emitOnConnection,
  freshCounters,
  type ThreadRendering,
  type World,
} from "./ThreadRendering.js"
import { arbWorldPlan, type SessionOptions, type SessionPlan, type ThreadPlan, type WorldPlan } from "./WorldPlan.js"

const makeWorld = (): World => {
  let threads = 0
  let sessions = 0
  let connections = 0
  return {
    nextThread: () => ++threads,
    nextSession: () => `s${++sessions}`,
    nextConnection: () => `c${++connections}`,
    ownId: seededIds("world"),
  }
}

const exited = (end: SessionPlan["end"]) => {
  switch (end) {
    case "exit":
      return { code: 0, signal: null, reason: "exit" }
    case "signal":
      return { code: null, signal: "SIGKILL", reason: "exit" }
    case "unloaded":
      return { reason: "unloaded" }
    case "failed-start":
      return { code: 1, signal: null, reason: "exit", failedStart: true, message: "no such model" }
    case "recording-ended":
      return { reason: "recording-ended" }
    default:
      return null
  }
}

/** The events of a session that Threadfold ends, not the provider. */
const endedByUs = (rendering: ThreadRendering, end: SessionPlan["end"]): void => {
  const said = { channel: "client", actor: end === "reaped" ? "reaper" : "orchestrator" } as const
  if (end === "lapsed") emit(rendering, "session.lease-lapsed", { leaseMs: 30_000 }, said)
  if (end === "reconciled") emit(rendering, "session.reconciled", { liveness: "gone", reason: "no such process" }, said)
  if (end !== "reaped") return
  emit(rendering, "session.stop-requested", { reason: "idle" }, said)
  emit(rendering, "session.reaped", { idleMs: 60_000, reason: "idle" }, said)
}

/** Ends the session and the sessions of its sub-agents, because they are on the same process. */
const endSession = (rendering: ThreadRendering, end: SessionPlan["end"]): void => {
  const all = [...rendering.children, rendering]
  const payload = exited(end)
  if (payload === null) {
    for (const one of all) endedByUs(one, end)
    return
  }
  for (const one of all) emit(one, "session.exited", payload)
  if (end === "unloaded") return
  emitOnConnection(rendering, "connection.closed", {
    reason: payload.reason,
    code: payload.code ?? null,
    signal: payload.signal ?? null,
  })
}

const renderSession = (
  rendering: ThreadRendering,
  thread: ThreadPlan,
  session: SessionPlan,
  epoch: number,
  forkOf: string | null,
) => {
  const attached = session.end === "lapsed"
  const lastTurn = rendering.turn
  beginSession(rendering)
  emitOnConnection(rendering, "connection.opened", { provider: "generated", mode: attached ? "attached" : "managed" })
  emit(rendering, "session.started", {
    provider: "generated",
    mode: attached ? "attached" : "managed",
    resumed: epoch > 1,
    usageMode: thread.usageMode,
    ...(attached ? { leaseMs: 30_000 } : {}),
  })
  // As in a recording, the client's calls belong to the session that they led to.
  emitAsClient(rendering, "session.start-requested", { data: { model: "model-a" } })
  if (epoch === 1) emitAsClient(rendering, "thread.created", { provider: "generated", cwd: "/workspace" })
  if (epoch === 1) emitAsClient(rendering, "thread.imported", { source: "generated" })
  if (epoch === 1 && forkOf !== null)
    emitAsClient(rendering, "thread.forked", { fromThreadId: rendering.world.ownId() })
  emit(rendering, "thread.started", {
    provider: "generated",
    title: null,
    cwd: "/workspace",
    ...(forkOf === null || epoch > 1 ? {} : { forkedFromNativeThreadId: forkOf }),
  })
  const chosen = { chosen: { model: "model-b" }, settings: { effort: "high" } }
  emitAsClient(rendering, "session.configure-requested", chosen)
  if (epoch % 2 === 0) {
    const before = { model: "model-a", settings: null }
    emitAsClient(rendering, "session.configure-failed", { ...chosen, message: "no such model", before })
  }
  emit(rendering, "session.configured", { model: "model-a", cwd: "/workspace" })
  if (thread.usageMode === "cumulative-session") rendering.totals = { input: 0, output: 0, cached: null }
  if (thread.usageMode === "cumulative-thread" && epoch > 1) {
    // A resume repeats the total so far with an old turn, so it is no increment of the current turn.
    const native = lastTurn === null ? {} : { turnId: lastTurn }
    emit(rendering, "thread.token-usage.updated", { mode: "cumulative-thread", total: totalsOf(rendering) }, { native })
  }
  // A session that did not start has no steps.
  for (const step of session.end === "failed-start" ? [] : session.steps) {
    if ("turn" in step) renderTurn(rendering, step.turn, thread.usageMode)
    else renderAction(rendering, step.action, thread.usageMode)?.()
  }
  endSession(rendering, session.end)
}

const renderThread = (world: World, thread: ThreadPlan, before: ThreadRendering | null): ThreadRendering => {
  const stream = `thread-${world.nextThread()}`
  const forkOf = thread.fork ? before : null
  const rendering: ThreadRendering = {
    world,
    stream,
    nativeThreadId: namedUuid(`native-${stream}`),
    family: forkOf?.family ?? stream,
    weakIds: thread.weakIds,
    drafts: [],
    session: "",
    connection: "",
    counters: freshCounters(),
    totals: { input: 0, output: 0, cached: null },
    turn: null,
    isSynthetic: false,
    ended: null,
    voice: "none",
    children: [],
  }
  thread.sessions.forEach((session, index) => {
    renderSession(rendering, thread, session, index + 1, forkOf?.nativeThreadId ?? null)
  })
  if (thread.deleted) emitAsClient(rendering, "thread.deleted", {})
  return rendering
}

/** Merges the events of several sources. Each keeps its order. */
const merge = (lists: readonly (readonly Draft[])[], order: readonly number[]): readonly Draft[] => {
  const places = lists.map(() => 0)
  const merged: Draft[] = []
  for (let step = 0; ; step++) {
    const open = lists.flatMap((list, index) => ((places[index] ?? 0) < list.length ? [index] : []))
    if (open.length === 0) return merged
    // Each pick is used for a burst of three, then the picks repeat: threads interleave, and a list that ends is done.
    const pick = order.length === 0 ? 0 : (order[Math.floor(step / 3) % order.length] ?? 0)
    const index = open[pick % open.length] ?? 0
    const place = places[index] ?? 0
    const draft = lists[index]?.[place]
    if (draft !== undefined) merged.push(draft)
    places[index] = place + 1
  }
}

export const renderWorld = (plan: WorldPlan): readonly GeneratedEvent[] => {
  const world = makeWorld()
  const threads: ThreadRendering[] = []
  for (const thread of plan.threads) threads.push(renderThread(world, thread, threads.at(-1) ?? null))
  return finish(
    merge(
      threads.map((rendering) => rendering.drafts),
      plan.order,
    ),
  )
}

/**
 * Well-formed random worlds of threads, as events in commit order: sources that keep every rule of their protocol. Every
 * payload decodes by the contracts, each channel counts from 1 without a gap, and every session starts before its other
 * events. The last session of a thread may stay open.
 */
export const arbSession = (options: SessionOptions = {}): fc.Arbitrary<readonly GeneratedEvent[]> =>
  arbWorldPlan(options).map(renderWorld)
