/** Pins and marks of threads on the command line, and what `tail` leaves out. */
import { Inbox, Receipt, ThreadView } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { refused } from "./inProcess.js"
import { document, ended, problemOf, start, temporary, threadfold, threadList } from "./program.js"
import { attach, push, serveHere } from "./server.js"

const session = "01990000-0000-7000-8000-000000000001"
const line = (seq: number, type: string, payload: object, native: object = {}) => ({
  type,
  channel: "adapter:test",
  seq,
  at: 1_700_000_000_000 + seq,
  payload,
  native,
})

/** A server with one thread whose turn has failed. */
const served = async () => {
  const directory = temporary()
  const server = await serveHere(directory)
  await attach(server, session, "native-1")
  await push(server, session, [
    line(1, "turn.started", {}, { turnId: "t1" }),
    line(2, "turn.completed", { outcome: "failed", error: { message: "no credit" } }, { turnId: "t1" }),
  ])
  const where = ["--data-dir", directory]
  const thread = async () => (await document(threadList(ThreadView), ["threads", ...where])).threads[0]
  return { server, thread, threadId: (await thread())?.threadId ?? "", where }
}

describe("marks of a thread", () => {
  it("are set and taken away: pin, unpin, read", async () => {
    const { server, thread, threadId, where } = await served()
    expect(await thread()).toMatchObject({ pinnedAt: null, unread: true })
    expect((await document(Receipt, ["pin", threadId, ...where])).threadId).toBe(threadId)
    expect((await thread())?.pinnedAt).toEqual(expect.any(Number))
    await document(Receipt, ["unpin", threadId, ...where])
    expect((await thread())?.pinnedAt).toBeNull()

    const before = (await thread())?.streamVersion ?? 0
    const early = await refused(["read", threadId, "--up-to", String(before + 9), "--json", ...where])
    expect(problemOf({ ...early, stdout: "" }).type).toBe("urn:threadfold:problem:precondition-failed")
    expect((await document(Inbox, ["inbox", ...where])).counts["failed-turn"]).toBe(1)
    await document(Receipt, ["read", threadId, ...where])
    expect((await thread())?.unread).toBe(false)
    expect((await document(Inbox, ["inbox", ...where])).counts.total).toBe(0)
    expect((await threadfold(["pin", "ffffffff", ...where])).code).toBe(2)
    await server.stop()
  })

  it("leave out of `tail` the types that are named, also of what comes", async () => {
    const { server, where } = await served()
    const wrong = await refused(["tail", "--except", "turn.strated", "--json", ...where])
    expect(problemOf({ ...wrong, stdout: "" }).detail).toContain("turn.started")
    const child = start(["tail", "--except", "runtime.warning", "--except", "turn.started", "--json", ...where])
    const whole = ended(child)
    await push(server, session, [
      line(3, "runtime.warning", { message: "left out" }),
      line(4, "thread.metadata.updated", { title: "the last one" }),
    ])
    await new Promise<void>((resolve, reject) => {
      whole.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)))
      let heard = ""
      child.stdout?.on("data", (piece: Buffer) => {
        heard += piece.toString()
        if (heard.includes("the last one")) resolve()
      })
    })
    await server.stop()
    const { stdout } = await whole
    const types = stdout
      .trim()
      .split("\n")
      .map((text) => String(JSON.parse(text).type))
    expect(types.filter((type) => ["runtime.warning", "turn.started"].includes(type))).toEqual([])
    expect(types).toEqual(expect.arrayContaining(["turn.completed", "thread.metadata.updated"]))
  })
})
