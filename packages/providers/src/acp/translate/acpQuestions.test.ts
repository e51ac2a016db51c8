import { describe, expect, it } from "vitest"
import { decide } from "../drive/acpDecisions.js"
import { changesOf, permissionChoices } from "./acpQuestions.js"
import { optionsOf } from "./acpRequests.js"

const named = (...kinds: readonly string[]) => ({
  options: kinds.map((kind) => ({ optionId: `the-${kind}`, name: `Name of ${kind}`, kind })),
})
const all = ["allow_always", "allow_once", "reject_once", "reject_always"]
const question = (params: Parameters<typeof optionsOf>[0]) => ({
  method: "session/request_permission",
  nativeThreadId: "s",
  options: optionsOf(params),
})

describe("the options of an ACP agent", () => {
  it("are choices with the agent's words, and the words that they stand for", () => {
    const params = named(...all)
    expect(permissionChoices(params, optionsOf(params))).toEqual([
      { decision: "the-allow_always", means: "acceptForSession", label: "Name of allow_always" },
      { decision: "the-allow_once", means: "accept", label: "Name of allow_once" },
      { decision: "the-reject_once", means: "decline", label: "Name of reject_once" },
      { decision: "the-reject_always", label: "Name of reject_always" },
      { decision: "cancel", means: "cancel" },
    ])
  })

  it("are all taken by the driver, by their names and by their words, and no word that none stands for", () => {
    for (const kinds of [all, ["allow_once"], ["reject_always"], []]) {
      const params = named(...kinds)
      const choices = permissionChoices(params, optionsOf(params))
      for (const { decision, means } of choices) {
        const byName = decide(question(params), decision, null)
        expect(byName).toHaveProperty("result")
        if (means !== undefined) expect(decide(question(params), means ?? "", null)).toEqual(byName)
      }
      const words = new Set(choices.map(({ means }) => means))
      for (const word of ["accept", "acceptForSession", "decline"] as const) {
        if (!words.has(word)) expect(decide(question(params), word, null)).toHaveProperty("problem")
      }
    }
  })

  it("may be named like our words: then the name counts", () => {
    const params = {
      options: [
        { optionId: "accept", kind: "allow_always" },
        { optionId: "cancel", kind: "reject_once" },
      ],
    }
    expect(permissionChoices(params, optionsOf(params))).toEqual([
      { decision: "accept", means: "acceptForSession" },
      { decision: "cancel", means: "decline" },
    ])
  })
})

describe("what a tool call changes", () => {
  it("is its diffs, else the places that it names", () => {
    const edit = { type: "diff", path: "a", oldText: "x", newText: "y" }
    const made = { type: "diff", path: "b", newText: "z" }
    expect(changesOf({ content: [edit, made, { type: "content" }], locations: [{ path: "c" }] })).toEqual([
      { path: "a", kind: "update", diff: "@@ -1,1 +1,1 @@\n-x\n+y" },
      { path: "b", kind: "add", diff: "@@ -0,0 +1,1 @@\n+z" },
    ])
    expect(changesOf({ locations: [{ path: "c" }, {}] })).toEqual([{ path: "c" }])
    expect(changesOf({})).toEqual([])
  })
})
