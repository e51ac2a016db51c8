/** What holds for commands of all kinds in any order, beside any events of agents. */
import type { EffectKind, EventType } from "@threadfold/contracts"
import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CommandScenario, type GivenCommand } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"
import { checkLog, checkRows } from "../index.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "75")

/** Something is done to a thread; what it names is picked from what is there. */
type Act = (c: CommandScenario, pick: number) => void

const pickOf = <A>(all: readonly A[], pick: number): A | undefined =>
  all.length === 0 ? undefined : all[pick % all.length]
const turnId = (c: CommandScenario, pick: number) => pickOf(c.s.rows.all("turns"), pick)?.turnId ?? id("missing")
const requestId = (c: CommandScenario, pick: number) =>
  pickOf(c.s.rows.all("requests"), pick)?.requestId ?? id("missing")
const voiceId = (c: CommandScenario, pick: number) =>
  pickOf(c.s.rows.all("realtime_runs"), pick)?.realtimeId ?? id("missing")
const sessionId = (c: CommandScenario, pick: number) =>
  pickOf(c.s.rows.all("sessions"), pick)?.sessionId ?? id("missing")
const messageId = (c: CommandScenario, pick: number) => pickOf(c.s.state.queue, pick) ?? id("missing")

const upkeep: ReadonlySet<string> = new Set([
  "queue.drain",
  "turn.settle",
  "turn.stall",
  "turn.time-out-start",
  "session.reap",
  "session.reconcile",
  "request.expire",
  "request.decline",
  "realtime.stop",
  "delegation.route",
])

const commands: readonly ((c: CommandScenario, pick: number) => GivenCommand)[] = [
  () => ({ type: "thread.create", agent: "coder", provider: "codex" }),
  (_, pick) => ({ type: "thread.rename", title: `title ${pick % 2}` }),
  () => ({ type: "thread.archive" }),
  () => ({ type: "thread.unarchive" }),
  (_, pick) => ({ type: "thread.keep-alive", until: pick % 2 === 0 ? null : 5 }),
  (_, pick) => ({
    type: "thread.unattended",
    rules: pick % 3 === 0 ? null : [{ action: "accept", afterMs: pick % 2 }, { action: "wait" }],
  }),
  (c) => ({ type: "task.stop", taskId: c.s.rows.all("tasks").at(-1)?.taskId ?? id("no task") }),
  () => ({ type: "thread.pin" }),
  () => ({ type: "thread.compact" }),
  () => ({ type: "review.start", target: { type: "uncommitted" } }),
  (_, pick) => ({ type: "thread.rewind", turns: 1 + (pick % 3) }),
  () => ({ type: "thread.unpin" }),
  (_, pick) => ({ type: "thread.read", version: 1 + (pick % 3) }),
  ...(["queue", "start", "steer", "interrupt"] as const).flatMap((mode) => [
    (_: CommandScenario, pick: number) => ({ type: "message.send", mode, text: `message ${pick}` }),
    (_: CommandScenario, pick: number) => ({ type: "message.send", mode, text: `message ${pick}` }),
  ]),
  (c, pick) => ({ type: "message.edit", messageId: messageId(c, pick), text: `written again ${pick % 3}` }),
  (c, pick) => ({ type: "message.promote", messageId: messageId(c, pick), to: pick % 2 === 0 ? "front" : "turn" }),
  (c, pick) => ({ type: "queue.cancel", messageId: messageId(c, pick) }),
  (c, pick) => ({
    type: "queue.reorder",
    messageIds: pick % 3 === 0 ? c.s.state.queue.slice(1) : [...c.s.state.queue].reverse(),
  }),
  () => ({ type: "queue.resume" }),
  () => ({ type: "queue.drain" }),
  () => ({ type: "queue.drain" }),
  () => ({ type: "turn.interrupt" }),
  (c, pick) => ({ type: "turn.interrupt", turnId: turnId(c, pick) }),
  (c, pick) => ({ type: "turn.settle", turnId: turnId(c, pick) }),
  (c, pick) => ({ type: "turn.stall", turnId: turnId(c, pick), silentMs: 1 }),
  (c, pick) => {
    const turn = pickOf(c.s.rows.all("turns"), pick)
    return {
      type: "turn.time-out-start",
      turnId: turn?.turnId ?? id("missing"),
      ifSequence: (turn?.sequence ?? 0) - (pick % 2),
      waitedMs: 1,
    }
  },
  (c, pick) => ({ type: "request.respond", requestId: requestId(c, pick), decision: pick % 2 === 0 ? "yes" : "no" }),
  (c, pick) => ({ type: "request.expire", requestId: requestId(c, pick) }),
  (c, pick) => ({ type: "request.decline", requestId: requestId(c, pick) }),
  (_, pick) => ({
    type: "realtime.start",
    realtimeId: id(`voice ${pick}`),
    transport: pick % 2 === 0 ? "agent" : "direct",
  }),
  (c, pick) => ({ type: "realtime.stop", realtimeId: voiceId(c, pick) }),
  (c, pick) => ({
    type: "delegation.route",
    realtimeId: voiceId(c, pick),
    delegationId: id(`delegation ${pick % 20}`),
    nativeHandoffId: `call-${pick % 20}`,
    text: `handoff ${pick}`,
  }),
  () => ({ type: "session.start" }),
  () => ({ type: "session.stop" }),
  (_, pick) => ({ type: "session.configure", model: `model ${pick % 3}`, settings: { effort: `effort ${pick % 2}` } }),
  (_, pick) => ({ type: "session.attach", sessionId: id(`session s${pick % 4}`), provider: "mine", leaseMs: 1 }),
  (c, pick) => ({ type: "session.detach", sessionId: sessionId(c, pick) }),
  (c, pick) => ({
    type: "session.reap",
    sessionId: sessionId(c, pick),
    ifSequence: (c.s.state.thread?.sequence ?? 0) - (pick % 2),
    idleMs: 1,
    reason: "idle",
  }),
  (c, pick) => ({
    type: "session.reconcile",
    sessionId: sessionId(c, pick),
    liveness: pick % 3 === 0 ? "unknown" : "gone",
    reason: "x",
  }),
]

/** What must hold of the effects that a command has left, in the state that it has left. */
const checkEffects = (c: CommandScenario, from: number): void => {
  const { rows, state } = c.s
  for (const effect of c.effects.slice(from)) {
    const turn =
      effect.turnId === undefined || effect.turnId === null ? null : rows.find("turns", "key", [effect.turnId])
    const session = state.session !== null && state.session.endedAt === null ? state.session : null
    switch (effect.kind) {
      case "turn.start":
        expect(turn).toMatchObject({ status: "requested", handedOver: 0, uncertain: 0 })
        break
      case "turn.steer":
        expect(turn).toMatchObject({ status: "running", sessionId: effect.sessionId })
        expect(state.queue).toContain(effect.messageId)
        break
      case "turn.interrupt":
        // A turn that has not started ends in our rows; it is interrupted if its session starts it.
        if (turn?.status === "ended") expect(turn).toMatchObject({ cause: "interrupt-requested", handedOver: 1 })
        expect(turn?.interruptRequestedAt).not.toBeNull()
        break
      case "request.answer":
        expect(rows.find("requests", "key", [effect.requestId ?? null])).toMatchObject({ status: "answering" })
        expect(effect.sessionId).toBe(session?.sessionId)
        break
      case "session.start":
        expect(session).toBeNull()
        break
      case "session.stop":
        if (effect.sessionId !== null) expect(rows.find("sessions", "key", [effect.sessionId ?? null])).not.toBeNull()
        break
    }
    // An agent that we do not run gets no call.
    if (session !== null) expect(session.mode).toBe("managed")
    else if (effect.kind !== "session.stop") expect(state.thread?.agent).toBe("coder")
  }
}

const give =
  (make: (c: CommandScenario, pick: number) => GivenCommand): Act =>
  (c, pick) => {
    const given = make(c, pick)
    const before = JSON.stringify(c.s.state)
    expect(c.decide(given)).toEqual(c.decide(given))
    expect(JSON.stringify(c.s.state)).toBe(before)
    const known = c.effects.length
    const result = c.run(given)
    checkEffects(c, known)
    if (result.turnId !== null) expect(c.s.rows.find("turns", "key", [result.turnId])).not.toBeNull()
    if (result.messageId !== null) expect(c.s.state.queue).toContain(result.messageId)
    if (upkeep.has(given.type)) {
      const again = c.run(given)
      expect(again).toMatchObject({ events: [], effects: [] })
      expect([null, result.refused]).toContain(again.refused)
    }
  }

const sessionOf = (c: CommandScenario): string => {
  const { session } = c.s.state
  const label = [1, 2, 3].map((one) => `s${one}`).find((one) => id(`session ${one}`) === session?.sessionId)
  return label ?? "s1"
}
const natives = [strong("t1"), strong("t2"), "turn-1"]
const say =
  (type: EventType, payload: object, about: (c: CommandScenario, pick: number) => object = () => ({})): Act =>
  (c, pick) => {
    c.s.sendRaw(type, payload, { session: pick % 7 === 0 ? "s1" : sessionOf(c), ...about(c, pick) })
  }
const native = (_: CommandScenario, pick: number) => ({ native: { turnId: natives[pick % 3] } })
const asked = (c: CommandScenario, pick: number) => {
  const requested = pickOf(c.s.state.requested, pick)
  return {
    native: { turnId: natives[pick % 3] },
    ...(requested === undefined ? {} : { ids: { turnId: requested.turnId } }),
  }
}
const outcome =
  (type: "effect.delivered" | "effect.uncertain", effect: EffectKind): Act =>
  (c, pick) => {
    const turn = pickOf(c.s.state.requested, pick)
    if (turn !== undefined) c.outcome(type, effect, turn.turnId)
  }

const words: readonly Act[] = [
  (c, pick) => c.s.start(`s${1 + (pick % 3)}`),
  (c, pick) => c.s.start(`s${1 + (pick % 3)}`),
  say("turn.started", {}, asked),
  say("turn.started", {}, native),
  say("turn.accepted", {}, asked),
  say("turn.start-failed", { error: { message: "no" } }, asked),
  say("turn.completed", { outcome: "completed" }, native),
  say("turn.completed", { outcome: "failed" }, native),
  say("session.state.changed", { state: "ready" }),
  say("session.state.changed", { state: "interrupted" }),
  say("session.exited", { reason: "exit" }),
  say("request.opened", { kind: "other" }, (_, pick) => ({
    native: { turnId: natives[pick % 3], requestId: `${pick % 2}` },
  })),
  say("request.resolved", {}, (_, pick) => ({ native: { requestId: `${pick % 2}` } })),
  say("runtime.error", { message: "x", willRetry: false }, native),
  outcome("effect.delivered", "turn.start"),
  outcome("effect.delivered", "turn.start"),
  outcome("effect.uncertain", "turn.start"),
  (c, pick) => {
    const turn = pickOf(c.s.state.requested, pick)
    if (turn !== undefined) c.attempting.add(turn.turnId)
    if (pick % 3 === 0) c.attempting.clear()
  },
]

const arbAct = fc
  .tuple(fc.oneof(fc.constantFrom(...commands.map(give)), fc.constantFrom(...words)), fc.nat({ max: 1000 }))
  .map(([act, pick]) => ({ run: (c: CommandScenario) => act(c, pick) }))

describe("any commands, among any events of agents", () => {
  it("are decided purely, keep every invariant, leave no anomaly of ours, and upkeep derived twice is done once", async () => {
    await fc.assert(
      pausing(fc.array(arbAct, { maxLength: 40, size: "max" }), (acts) => {
        const c = new CommandScenario()
        if (acts.length % 5 !== 0) c.run({ type: "thread.create", agent: "coder", provider: "codex" })
        for (const act of acts) {
          act.run(c)
          expect(checkRows(c.s.threadId, c.s.rows.of(c.s.threadId))).toEqual([])
        }
        expect(checkLog(c.s.threadId, c.s.log)).toEqual([])
        expect(c.s.reasons()).not.toContain("fold-defect")
      }),
      { numRuns },
    )
  })
})
