import { Option } from "effect"
import { expect, it } from "vitest"
import { readRule } from "./unattendedCommand.js"

it.each([
  ["wait", { action: "wait" }],
  ["user_input=wait", { kind: "user_input", action: "wait" }],
  ["accept:30s", { action: "accept", afterMs: 30_000 }],
  ["command_approval=decline:10min", { kind: "command_approval", action: "decline", afterMs: 600_000 }],
  ["accept:0s", { action: "accept", afterMs: 0 }],
])("%s is a rule", (text, rule) => {
  expect(Option.getOrNull(readRule(text))).toEqual(rule)
})

it.each(["", "accept", "accept:30", "accept:-1s", "wait:1s", "nothing=wait", "=wait", "command_approval", "deny:1s"])(
  "%j is none",
  (text) => expect(Option.isNone(readRule(text))).toBe(true),
)
