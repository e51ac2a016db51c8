/**
 * What a real agent does under the orchestrator, whatever the protocol is that we speak with it: for agents that ask the
 * model of Anthropic and keep their sessions where Claude does. Nothing is played but the model.
 */
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "@effect/vitest"
import type { ProviderDriver } from "@threadfold/providers"
import {
  type AgentHome,
  Anthropic,
  claudeHome,
  type InstalledAgent,
  type MissingAgent,
  makeHold,
  type Script,
  type Step,
} from "@threadfold/testkit"
import { Effect } from "effect"
import { id, OrchestratorFixture } from "./OrchestratorFixture.js"
import {
  carriedOut,
  checked,
  ended,
  itemSaying,
  kill,
  noProcess,
  openRequest,
  processesOf,
  rowsOf,
  saysHalf,
  started,
  stopped,
  textsOf,
  withAgent,
} from "./RealAgent.js"

export interface ClaudeStories {
  /** For example `the real Claude`. */
  readonly title: string
  readonly agent: InstalledAgent | MissingAgent
  readonly driver: (agent: InstalledAgent, home: AgentHome) => ProviderDriver
  /** What becomes of a command whose question was cancelled. */
  readonly cancelled: "declined" | "interrupted"
}

/** An orchestrator over the agent, with a thread in the agent's home. */
export const openStory = ({ agent, driver }: Pick<ClaudeStories, "agent" | "driver">, script: Script) =>
  Effect.gen(function* () {
    if (!agent.installed) return yield* Effect.dieMessage(agent.reason)
    const model = yield* Anthropic.server({ script })
    const home = yield* claudeHome({ baseUrl: model.baseUrl })
    const of = new OrchestratorFixture({ driver: driver(agent, home) })
    yield* Effect.orDie(of.open())
    yield* Effect.orDie(of.createThread(id("thread"), home.cwd))
    return { of, home, model }
  })

const driverOf = ({ agent, driver }: Pick<ClaudeStories, "agent" | "driver">, home: AgentHome): ProviderDriver => {
  if (!agent.installed) throw new Error(agent.reason)
  return driver(agent, home)
}

/**
 * A script by what was asked last: the steps of that text, one after the other. What the agent asks beyond them waits for its
 * interrupt: who cancels may come later than the agent's next request.
 */
const byAsk = (asks: readonly (readonly [text: string, ...steps: Step[]])[]): Script => {
  const rest = asks.map(([text, ...steps]) => ({ text, steps }))
  return ({ body }) => {
    const said = JSON.stringify(body)
    return (
      rest.findLast(({ text }) => said.includes(text))?.steps.shift() ?? Anthropic.hang(makeHold(), { silent: true })
    )
  }
}

/** The agent's memory of its sessions is gone. */
export const forget = ({ folder }: AgentHome): void => rmSync(join(folder, ".claude", "projects"), { recursive: true })

export const claudeStories = (stories: ClaudeStories): void => {
  const real = withAgent(stories.agent)
  const opened = (...script: readonly Step[]) => openStory(stories, script)

  describe(stories.title, () => {
    real(
      "runs turn after turn: words, commands accepted, declined and cancelled, interrupts of words and of a question",
      () =>
        Effect.gen(function* () {
          const hold = makeHold()
          const { home, of } = yield* openStory(
            stories,
            byAsk([
              ["say one", Anthropic.plain("first", { deltas: 3 })],
              ["say two", Anthropic.thinking("hm", "second")],
              ["I will accept", Anthropic.command("touch accept"), Anthropic.plain("done")],
              ["I will decline", Anthropic.command("touch decline"), Anthropic.plain("done")],
              ["I will cancel", Anthropic.command("touch cancel")],
              ["say half", Anthropic.hang(hold)],
              ["say more", Anthropic.plain("again")],
              ["I will interrupt", Anthropic.command("touch made")],
              ["go on", Anthropic.plain("next")],
            ]),
          )
          const one = yield* of.send("say one")
          yield* ended(of)
          const two = yield* of.send("say two")
          const said = yield* ended(of, 2)
          expect(said.turns).toMatchObject([
            { turnId: one.turnId, nativeTurnId: "turn-1", outcome: "completed", evidence: "observed" },
            { turnId: two.turnId, nativeTurnId: "turn-2", outcome: "completed", evidence: "observed" },
          ])
          expect(said.items.map(({ kind, status, text, turnId }) => [turnId, kind, status, text])).toEqual([
            [one.turnId, "user_message", "completed", "say one"],
            [one.turnId, "agent_message", "completed", "first"],
            [two.turnId, "user_message", "completed", "say two"],
            [two.turnId, "reasoning", "completed", "hm"],
            [two.turnId, "agent_message", "completed", "second"],
          ])

          const decisions = [
            ["accept", "completed", "completed"],
            ["decline", "completed", "declined"],
            ["cancel", "interrupted", stories.cancelled],
          ] as const
          for (const [index, [decision, outcome, status]] of decisions.entries()) {
            const { turnId } = yield* of.send(`please, but I will ${decision}`)
            yield* of.dispatch({ type: "request.respond", requestId: yield* openRequest(of), decision })
            const after = yield* ended(of, index + 3)
            const inTurn = rowsOf(turnId)
            expect(inTurn(after.turns)).toMatchObject([{ outcome, evidence: "observed" }])
            const asked = [{ kind: "command_approval", status: "answered", decision }]
            expect(inTurn(after.requests)).toMatchObject(asked)
            expect(inTurn(after.items).find(({ kind }) => kind === "command")).toMatchObject({ status })
            expect([decision, existsSync(join(home.cwd, decision))]).toEqual([decision, decision === "accept"])
            expect(textsOf(inTurn(after.items))).toEqual(decision === "cancel" ? [] : ["done"])
          }

          const half = yield* of.send("say half")
          yield* hold.reached
          hold.say("half an ans")
          yield* itemSaying(of, "half an ans")
          yield* of.dispatch({ type: "turn.interrupt" })
          const cut = yield* ended(of, 6)
          expect(rowsOf(half.turnId)(cut.turns)).toMatchObject([{ outcome: "interrupted", evidence: "observed" }])
          expect(rowsOf(half.turnId)(cut.items)).toMatchObject([
            { kind: "user_message", status: "completed", text: "say half" },
            { kind: "agent_message", status: "interrupted", text: "half an ans" },
          ])
          const more = yield* of.send("say more")
          const goneOn = yield* ended(of, 7)
          expect(goneOn.turns.at(-1)).toMatchObject({ outcome: "completed", evidence: "observed" })
          expect(textsOf(rowsOf(more.turnId)(goneOn.items))).toEqual(["again"])

          const asking = yield* of.send("please, but I will interrupt")
          const requestId = yield* openRequest(of)
          yield* of.dispatch({ type: "turn.interrupt" })
          const { requests, turns } = yield* ended(of, 8)
          expect(rowsOf(asking.turnId)(turns)).toMatchObject([{ outcome: "interrupted", evidence: "observed" }])
          expect(rowsOf(asking.turnId)(requests)).toMatchObject([{ requestId, status: "cancelled", decision: null }])
          const late = yield* Effect.flip(of.dispatch({ type: "request.respond", requestId, decision: "accept" }))
          expect(late).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
          yield* of.send("go on")
          const last = yield* ended(of, 9)
          expect(textsOf(last.items)).toEqual(["first", "second", "done", "done", "half an ans", "again", "next"])
          expect(existsSync(join(home.cwd, "made"))).toBe(false)
          expect(last.session).toMatchObject({ epoch: 1 })
          yield* checked(of)
        }),
    )

    real(
      "works with another model and mode from the next turn on, and in the next session: it is stopped, and comes back",
      () =>
        Effect.gen(function* () {
          const { home, model, of } = yield* opened(
            Anthropic.plain("first"),
            Anthropic.plain("second"),
            Anthropic.write("made.txt", "made\n", { say: "I write." }),
            Anthropic.plain("third"),
          )
          yield* of.send("one")
          yield* ended(of)
          const chosen = { mode: "acceptEdits" }
          const settings = driverOf(stories, home).settingsOf(chosen)
          yield* carriedOut(of, { type: "session.configure", model: "haiku", ...chosen, settings })
          yield* of.send("two")
          yield* ended(of, 2)
          expect(yield* processesOf(of)).not.toEqual([])
          yield* stopped(of)
          yield* of.send("three")
          const { items, session, thread } = yield* ended(of, 3)
          expect(textsOf(items)).toEqual(["first", "second", "I write.", "third"])
          // It no longer asks before it writes.
          expect(existsSync(join(home.cwd, "made.txt"))).toBe(true)
          const asked = model.requests().map(({ body }) => JSON.stringify(body).includes('"model":"claude-haiku'))
          expect(asked).toEqual([false, true, true, true])
          expect(thread?.settings).toMatchObject(settings)
          expect(session).toMatchObject({ epoch: 2, config: { approvalPolicy: "acceptEdits" } })
          yield* checked(of)
        }),
    )

    real("killed in mid-turn, or its server, is taken up again by the next message, and nothing old comes again", () =>
      Effect.gen(function* () {
        const [hold, secondHold] = [makeHold(), makeHold()]
        const { model, of } = yield* opened(
          Anthropic.plain("kept"),
          Anthropic.hang(hold),
          Anthropic.plain("back"),
          Anthropic.hang(secondHold),
          Anthropic.plain("back again"),
        )
        const before = (yield* saysHalf(of, hold)).items
        yield* kill(of)
        yield* of.eventually(of.work(), ({ session }) => session === null)
        expect((yield* ended(of, 2)).turns.at(-1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
        yield* of.send("three")
        const { items, session, turns } = yield* ended(of, 3)
        expect(session).toMatchObject({ epoch: 2 })
        expect(turns.map(({ nativeTurnId, outcome }) => [nativeTurnId, outcome])).toEqual([
          ["turn-1", "completed"],
          ["turn-2", "interrupted"],
          ["turn-1", "completed"],
        ])
        expect(new Set(turns.map(({ turnId }) => turnId)).size).toBe(3)
        expect(items.slice(0, before.length)).toEqual(before)
        expect(textsOf(items, "user_message")).toEqual(["one", "two", "three"])
        expect(textsOf(items)).toEqual(["kept", "half", "back"])
        // It is the same conversation to the model, too.
        expect(JSON.stringify((yield* model.request(3)).body)).toContain("kept")

        yield* of.send("four")
        yield* secondHold.reached
        secondHold.say("half of four")
        yield* itemSaying(of, "half of four")
        expect(yield* processesOf(of)).not.toEqual([])
        of.crash()
        yield* of.start()
        expect(yield* processesOf(of)).toEqual([])
        expect((yield* ended(of, 4)).turns.at(-1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
        yield* of.send("five")
        const after = yield* ended(of, 5)
        expect(after.turns.at(-1)).toMatchObject({ outcome: "completed" })
        expect(after.session).toMatchObject({ epoch: 3 })
        expect(textsOf(after.items, "user_message")).toEqual(["one", "two", "three", "four", "five"])
        expect(textsOf(after.items)).toEqual(["kept", "half", "back", "half of four", "back again"])
        yield* checked(of)
      }),
    )

    real(
      "stopped before a word has nothing to lose; later, its conversation lost, says so and begins another when told to",
      () =>
        Effect.gen(function* () {
          const { home, of } = yield* opened(
            Anthropic.plain("first"),
            Anthropic.plain("anew"),
            Anthropic.plain("again"),
          )
          yield* started(of)
          yield* stopped(of)
          yield* of.send("one")
          const before = yield* ended(of)
          expect(before.turns).toMatchObject([{ outcome: "completed" }])
          expect(before.session).toMatchObject({ epoch: 2 })
          yield* stopped(of)
          forget(home)
          yield* of.send("two")
          const { items, turns } = yield* ended(of, 2)
          expect(turns.at(-1)).toMatchObject({ outcome: "failed", cause: "start-failed" })
          const [failed] = (yield* of.log()).filter(({ type }) => type === "turn.start-failed")
          expect(JSON.stringify(failed?.payload)).toContain(". The conversation cannot be opened again")
          expect(items).toEqual(before.items)
          yield* noProcess(of)
          yield* started(of, { fresh: true })
          yield* of.send("three")
          const after = yield* ended(of, 3)
          expect(textsOf(after.items)).toEqual(["first", "anew"])
          const anew = after.thread.nativeThreadId
          expect(anew).not.toBe(before.thread.nativeThreadId)
          // It is the new one that goes on from here.
          yield* stopped(of)
          yield* of.send("four")
          const last = yield* ended(of, 4)
          expect(textsOf(last.items)).toEqual(["first", "anew", "again"])
          expect(last.thread.nativeThreadId).toBe(anew)
          yield* checked(of)
        }),
    )
  })
}
