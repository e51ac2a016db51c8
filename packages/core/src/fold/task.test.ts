import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const shell = { native: { taskId: "task-1", turnId: t1 } }
const begun = () => new Scenario().start().turn(t1).send("task.started", { kind: "shell", title: "watch" }, shell)
const rows = (s: Scenario) => s.rows.all("tasks")

describe("background tasks", () => {
  it("run on after their turn and end by their own terminal", () => {
    const s = begun().complete(t1)
    expect(rows(s)).toMatchObject([
      { status: "running", kind: "shell", title: "watch", processId: null, turnId: s.turnRow(t1)?.turnId },
    ])
    expect(s.state.thread?.runningTasks).toBe(1)
    s.send("task.progress", { message: "…" }, shell).send("task.completed", { status: "failed" }, shell)
    expect(rows(s)).toMatchObject([{ status: "ended", outcome: "failed", cause: "provider", evidence: "observed" }])
    expect(s.state.thread?.runningTasks).toBe(0)
  })

  it("show by their version when their last event came", () => {
    const s = begun()
    const version = () => rows(s)[0]?.sequence
    const begin = version()
    s.complete(t1)
    expect(version()).toBe(begin)
    s.send("task.progress", { message: "…" }, shell)
    expect(version()).toBe(s.state.thread?.sequence)
    s.send("task.completed", { status: "completed" }, shell)
    const end = version()
    s.send("task.progress", {}, shell)
    expect(version()).toBe(end)
    expect(rows(s)).toMatchObject([{ status: "ended", outcome: "completed" }])
  })

  it("end with their session, which their own late terminal may correct once", () => {
    const s = begun().send("session.exited", { reason: "exit" })
    expect(rows(s)).toMatchObject([{ status: "ended", outcome: "interrupted", evidence: "inferred" }])
    s.send("task.completed", { status: "completed" }, shell).send("task.completed", { status: "failed" }, shell)
    expect(rows(s)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
    expect(s.reasons()).toEqual(["task-terminal-duplicate"])
  })

  it("the same start again, unknown ones and those of a dead session are anomalies", () => {
    const s = begun().send("task.started", { title: "other" }, shell)
    s.send("task.progress", {}, { native: { taskId: "missing" } })
    s.send("task.completed", { status: "completed" }, { native: { taskId: "missing" } })
    s.send("session.exited", { reason: "exit" }).send("task.started", {}, { native: { taskId: "task-2" } })
    expect(rows(s)).toMatchObject([{ title: "watch" }])
    const session = id("session s1")
    expect(s.anomalies()).toEqual([
      `task-duplicate task:${rows(s)[0]?.taskId}`,
      `task-unknown native-task:${session}/missing`,
      `session-event-after-exit session:${session} (task.started)`,
    ])
  })

  it("may belong to no turn and have no name", () => {
    const s = new Scenario().start().send("task.started", { processId: "77" }, { ids: { taskId: id("task") } })
    expect(rows(s)).toMatchObject([{ turnId: null, nativeTaskId: null, kind: null, title: null, processId: "77" }])
    s.send("task.progress", {}).send("task.started", {}, { ids: { taskId: "no id" } })
    expect(rows(s)).toHaveLength(1)
    expect(s.anomalies()).toEqual([`task-unknown native-task:${id("session s1")}/-`])
  })
})
