/** The driver on a real agent, with a mock model behind it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Anthropic, installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { realAgent, realSubject } from "../../../test/support/acpSubject.js"
import { driverContract } from "../../testing/DriverContract.js"
import { listsContract } from "../../testing/ListsContract.js"
import { ofType, type Watched, watch } from "../../testing/Watched.js"

const agent = installedAgent("acp")

driverContract({
  name: "ACP driver, real agent",
  make: agent.installed ? realSubject(agent) : Effect.dieMessage(agent.reason),
  skip: agent.installed ? undefined : agent.reason,
})

/** Final texts of the items of a kind, as events tell them. */
const finals = (watched: Watched): readonly unknown[] =>
  watched
    .all()
    .filter(ofType("item.completed"))
    .map(({ event }) => JSON.parse(JSON.stringify(event.payload)))

const opened = (driver: Effect.Effect.Success<ReturnType<typeof realAgent>>["driver"], cwd: string) =>
  Effect.gen(function* () {
    const connection = yield* driver.connect({ connectionId: "c", marks: {}, cwd })
    const watched = yield* watch(connection)
    return { connection, watched }
  })

describe.runIf(agent.installed)("a real ACP agent", () => {
  if (agent.installed) {
    listsContract(realSubject(agent), ({ account, commands = [], models = [] }) => {
      expect(models.map(({ model }) => model)).toContain("haiku")
      expect(models.filter(({ isDefault }) => isDefault)).toHaveLength(1)
      expect(commands.length).toBeGreaterThan(0)
      expect(account?.signedIn).toBeNull()
    })
  }

  it.scopedLive("loads a session by repeating it, which adds nothing to what was reported", () =>
    Effect.gen(function* () {
      if (!agent.installed) return
      const { driver, home, model } = yield* realAgent(agent, { reopenBy: "load" })
      model.enqueue(
        Anthropic.thinking("Let me think.", "First words.", { deltas: 5 }),
        Anthropic.write("made.txt", "one\ntwo\n", { say: "I write." }),
        Anthropic.plain("Written."),
      )
      const first = yield* opened(driver, home.cwd)
      const { nativeThreadId } = yield* first.connection.startThread({ threadId: "T", cwd: home.cwd })
      const prompt = (to: typeof first, turnId: string) =>
        Effect.gen(function* () {
          const before = to.watched.all().length
          yield* to.connection.sendTurn({ nativeThreadId, turnId, text: `this is ${turnId}` })
          return before
        })
      yield* first.watched.until(ofType("turn.completed"), yield* prompt(first, "turn A"))
      const before = yield* prompt(first, "turn B")
      const asked = yield* first.watched.until(ofType("request.opened"), before)
      expect(asked.event.payload).toMatchObject({ kind: "file_change_approval", title: "Write made.txt" })
      const nativeRequestId = asked.event.native?.requestId ?? ""
      yield* first.connection.answer({ nativeThreadId, nativeRequestId, decision: "accept" })
      yield* first.watched.until(ofType("turn.completed"), before)
      expect(readFileSync(join(home.cwd, "made.txt"), "utf8")).toBe("one\ntwo\n")
      expect(finals(first.watched)).toMatchObject([
        { kind: "user_message", text: "this is turn A" },
        { kind: "reasoning", text: "Let me think." },
        { kind: "agent_message", text: "First words." },
        { kind: "user_message", text: "this is turn B" },
        { kind: "agent_message", text: "I write." },
        {
          kind: "file_change",
          status: "completed",
          data: { content: [{ type: "diff", oldText: null, newText: "one\ntwo\n" }] },
        },
        { kind: "agent_message", text: "Written." },
      ])
      yield* first.connection.stop

      model.enqueue(Anthropic.plain("New words."))
      const second = yield* opened(driver, home.cwd)
      yield* second.connection.resumeThread({ threadId: "T", nativeThreadId, cwd: home.cwd })
      const end = yield* second.watched.until(ofType("turn.completed"), yield* prompt(second, "turn C"))
      expect(end.event.native?.turnId).toBe("turn-1")
      expect(finals(second.watched)).toMatchObject([
        { kind: "user_message", text: "this is turn C" },
        { kind: "agent_message", text: "New words." },
      ])
      expect(second.watched.all().filter(ofType("turn.started"))).toHaveLength(1)

      // The agent did repeat it all, and every line of that is kept.
      const repeated = second.watched
        .all()
        .filter(({ event, scope }) => scope.kind === "connection" && event.type === "provider.unmapped")
        .map(({ event }) => event.raw ?? "")
      for (const text of [
        "this is turn A",
        "Let me think.",
        "First words.",
        "this is turn B",
        "I write.",
        "Written.",
      ]) {
        expect(
          repeated.filter((raw) => raw.includes(JSON.stringify(text))),
          text,
        ).toHaveLength(1)
      }
    }),
  )
})
