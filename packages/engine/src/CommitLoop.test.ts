import { describe, expect, it } from "vitest"
import { give } from "../test/commands.js"
import { Speaker, submit } from "../test/support.js"
import { CommitLoop } from "./CommitLoop.js"
import type { Outcome, Submission } from "./Submission.js"

const refused: Outcome = { ok: false, slug: "internal", detail: "" }

describe("group commit", () => {
  const cut = (submissions: readonly Submission[]): readonly number[] => {
    const sizes: number[] = []
    const loop = new CommitLoop({
      process: (batch) => {
        sizes.push(batch.length)
        return batch.map(() => refused)
      },
      defer: () => undefined,
      maxEvents: 10,
    })
    let answered = 0
    for (const one of submissions) loop.offer(one, () => (answered += 1))
    loop.drain()
    expect(answered).toBe(submissions.length)
    return sizes
  }

  it("takes what waits as one batch, cut at about so many events", () => {
    const x = new Speaker("x")
    const four = () => submit(x.turn("1"), x.turn("2"), x.turn("3"), x.turn("4"))
    expect(cut([four(), four()])).toEqual([2])
    expect(cut([four(), four(), four(), four(), four()])).toEqual([2, 2, 1])
    expect(cut([submit(...Array.from({ length: 30 }, () => x.turn("1"))), four()])).toEqual([1, 1])
  })

  it("counts a command and a step of an effect as one, so that a rush of them does not hold up everybody else", () => {
    const commands = Array.from({ length: 25 }, (_, index) => give(`${index}`, { type: "thread.archive" }))
    expect(cut(commands)).toEqual([10, 10, 5])
  })
})
