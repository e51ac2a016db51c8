/** `thread.purge`: what of a thread has to be over first, and the tombstone that it leaves. */
import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const T = id("thread")
const purge = (c: CommandScenario, streamVersion = c.s.state.streamVersion) => ({
  type: "thread.purge",
  sealedHash: "hash",
  streamVersion,
})
const refusal = (c: CommandScenario, streamVersion?: number) => c.refusalOf(purge(c, streamVersion))

describe("thread.purge", () => {
  it("leaves a tombstone with the sealed hash, and nothing is taken after it", () => {
    const c = created()
    const { createdAt } = c.s.state.thread ?? {}
    expect(c.wholeOf(purge(c))).toEqual({
      events: [
        {
          type: "thread.purged",
          sessionId: null,
          native: null,
          payload: { sealedHash: "hash", provider: "codex", createdAt },
        },
      ],
      effects: [],
    })
    expect(c.answerTo(purge(c))).toEqual(["thread.purged"])
    expect(c.s.state.thread?.status).toBe("purged")
    expect(c.answerTo(purge(c))).toBe("thread-purged")
    expect(c.answerTo({ type: "thread.restore" })).toBe("thread-purged")
  })

  it("takes a thread that was deleted, and one whose session has ended", () => {
    const c = created()
    c.run({ type: "thread.delete" })
    expect(c.answerTo(purge(c))).toEqual(["thread.purged"])
    const over = live()
    over.s.send("session.exited", { reason: "exit" })
    expect(over.answerTo(purge(over))).toEqual(["thread.purged"])
  })

  it("is refused while anything of the thread lives, or is to become a part of another one", () => {
    const none = new CommandScenario()
    expect(refusal(none)).toBe(`thread-not-found: Thread ${T} does not exist.`)
    expect(refusal(live())).toBe(`thread-busy: Session ${id("session s1")} of thread ${T} is ready.`)
    const runs = new CommandScenario(new Scenario().start().turn(strong("t1")))
    expect(refusal(runs)).toBe(`thread-busy: Session ${id("session s1")} of thread ${T} is running.`)
    const waits = created()
    const { turnId } = waits.run({ type: "message.send", text: "x" })
    expect(refusal(waits)).toBe(`thread-busy: Turn ${turnId} of thread ${T} waits to start.`)
    const calls = created()
    calls.openEffect = { effectId: "e", kind: "session.stop", status: "attempting" }
    expect(refusal(calls)).toBe(`thread-busy: Call e (session.stop) of thread ${T} is attempting.`)
    const copied = created()
    copied.pendingFork = id("fork")
    expect(refusal(copied)).toBe(`thread-busy: Thread ${T} is being copied into fork ${id("fork")}.`)
  })

  it("is refused where the thread has changed since its hash was taken", () => {
    expect(refusal(created(), 0)).toBe("precondition-failed: It is at version 1, not 0.")
    expect(refusal(created(), 2)).toBe("precondition-failed: It is at version 1, not 2.")
  })
})
