import { describe, expect, it } from "vitest"
import { answer, highlight } from "./highlight.js"
import { PageWorker, type WorkerLike } from "./PageWorker.js"

describe("colours of code", () => {
  it("are pieces whose texts are the code", () => {
    const code = 'const a = "<b>" // <i>\n'
    const pieces = highlight({ code, language: "ts" })
    expect(pieces?.map(({ text }) => text).join("")).toBe(code)
    expect(pieces?.find(({ kind }) => kind === "keyword")?.text).toBe("const")
    expect(pieces?.find(({ kind }) => kind === "string")?.text).toBe('"<b>"')
  })
  it("are there for names that people use, and for no unknown one", () => {
    for (const language of ["tsx", "sh", "PY", "yml", "c++", "diff"])
      expect(highlight({ code: "x", language }), language).not.toBeNull()
    expect(highlight({ code: "x", language: "nonsense" })).toBeNull()
    expect(highlight({ code: "x", language: "constructor" })).toBeNull()
    expect(highlight({ code: "x".repeat(300_000), language: "js" })).toBeNull()
  })
  it("are not made of what is no question", () => {
    for (const message of [null, 1, {}, { code: 1, language: "js" }]) expect(answer(message)).toBeNull()
  })
})

/** A worker that answers when it is told to. */
const makeWorker = () => {
  const sent: { id: number; ask: unknown }[] = []
  let ended = 0
  const worker: WorkerLike = {
    onmessage: null,
    onerror: null,
    postMessage: (message: { id: number; ask: unknown }) => {
      sent.push(message)
    },
    terminate: () => {
      ended += 1
    },
  }
  const say = (data: unknown) => worker.onmessage?.call(worker as Worker, new MessageEvent("message", { data }))
  return { worker, sent, say, ended: () => ended }
}

describe("a part of the worker", () => {
  it("gives each question its own answer, in whatever order they come", async () => {
    const { say, sent, worker } = makeWorker()
    const part = new PageWorker("highlight", () => worker)
    const [one, two] = [part.ask("a"), part.ask("b")]
    say({ id: sent[1]?.id, answer: "B" })
    say({ id: sent[0]?.id, error: "bad" })
    await expect(two).resolves.toBe("B")
    await expect(one).rejects.toThrow("bad")
  })
  it("fails what was asked when it ends, and starts anew with the next question", async () => {
    const first = makeWorker()
    const second = makeWorker()
    const workers = [first, second]
    const part = new PageWorker("highlight", () => workers.shift()?.worker ?? first.worker)
    const lost = part.ask("a")
    part.end()
    await expect(lost).rejects.toThrow("ended")
    expect(first.ended()).toBe(1)
    const next = part.ask("b")
    second.say({ id: second.sent[0]?.id, answer: 2 })
    await expect(next).resolves.toBe(2)
  })
})
