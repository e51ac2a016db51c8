import type { UnattendedRules } from "@threadfold/contracts"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { answerBy, isAnswerRule, type RuleHolder, ruleFor } from "./unattendedRules.js"

const accept: UnattendedRules = [{ action: "accept", afterMs: 0 }]
const wait: UnattendedRules = [{ kind: null, action: "wait" }]
const holder = (threadId: string, rules: UnattendedRules | null, agent: string | null = null): RuleHolder => ({
  threadId,
  agent,
  rules,
})

describe("the rule that counts", () => {
  const of = (...line: readonly RuleHolder[]) => ruleFor(line, "tool_call")?.threadId ?? null

  it("is that of the nearest thread with rules, for threads that an agent opened by itself", () => {
    expect(of()).toBeNull()
    expect(of(holder("child", accept), holder("parent", wait))).toBe("child")
    expect(of(holder("child", null), holder("between", null), holder("root", wait, "mine"))).toBe("root")
  })

  it("is none where the nearest rules are for other kinds, or where a person chose the agent of the thread", () => {
    expect(of(holder("child", [{ kind: "auth", action: "wait" }]), holder("parent", accept))).toBeNull()
    expect(of(holder("own", null, "mine"), holder("parent", accept, "mine"))).toBeNull()
  })
})

describe("the answer that a rule gives", () => {
  it("is none of a rule that has the question wait", () => {
    const rules = [...wait, ...accept, { action: "decline", afterMs: 1 } as const]
    expect(rules.map((rule) => isAnswerRule({ rule, threadId: "a" }))).toEqual([false, true, true])
  })

  const given = (kind: string, data: unknown, action: "accept" | "decline") =>
    Either.match(answerBy({ kind, data }, action), { onLeft: (why) => why, onRight: ({ decision }) => decision })
  const choices = (...decisions: readonly string[]) => ({ choices: decisions.map((decision) => ({ decision })) })
  const form = (required: boolean) => ({
    choices: [{ decision: "accept", data: "required" }, { decision: "decline" }, { decision: "cancel" }],
    questions: [{ id: "name", required }],
  })

  it.each<[string, string, unknown, "accept" | "decline", string]>([
    ["an approval", "command_approval", choices("accept", "decline"), "accept", "accept"],
    ["an approval that says nothing of its answers", "file_change_approval", {}, "accept", "accept"],
    ["permissions that say nothing of their answers", "permissions", {}, "accept", "accept"],
    [
      "an approval by the agent's own word",
      "permissions",
      { choices: [{ decision: "once", means: "accept" }] },
      "accept",
      "accept",
    ],
    ["a form without required fields", "elicitation", form(false), "accept", "accept"],
    ["a refusal", "command_approval", choices("accept", "decline"), "decline", "decline"],
    ["a refusal of what can be cancelled only", "elicitation", choices("accept", "cancel"), "decline", "cancel"],
    [
      "the refusal of a question",
      "user_input",
      { ...choices("answer", "decline"), questions: [{ id: "q" }] },
      "decline",
      "decline",
    ],
    ["a form with required fields", "elicitation", form(true), "accept", "it takes no accept without more"],
    ["a question", "user_input", { questions: [{ id: "q" }] }, "accept", "it asks for an answer in words"],
    [
      "an address",
      "elicitation",
      { ...choices("accept"), url: "https://a.example" },
      "accept",
      "it asks a person to open an address",
    ],
    [
      "a tool's result",
      "tool_call",
      { choices: [{ decision: "accept", data: "required" }] },
      "accept",
      "it takes no accept without more",
    ],
    [
      "an approval for the whole session alone",
      "command_approval",
      choices("acceptForSession"),
      "accept",
      "it takes no accept without more",
    ],
    ["an unknown question", "other", {}, "accept", "it does not say which answers it takes"],
    ["what cannot be refused", "permissions", choices("accept"), "decline", "it takes no decline without more"],
  ])("of %s", (_, kind, data, action, outcome) => {
    expect(given(kind, data, action)).toBe(outcome)
  })
})
