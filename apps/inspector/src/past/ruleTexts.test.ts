import { readFileSync } from "node:fs"
import { foldRules } from "@threadfold/core/model"
import { expect, it, vi } from "vitest"

// The build of the page imports documents as text.
vi.mock("../../../../docs/rules.md", () => ({
  default: readFileSync(new URL("../../../../docs/rules.md", import.meta.url), "utf8"),
}))

it("has a text for every rule that the fold names, under its name", async () => {
  const { ruleText, sectionOf } = await import("./ruleTexts.js")
  const document = readFileSync(new URL("../../../../docs/rules.md", import.meta.url), "utf8")
  for (const [number, name] of Object.entries(foldRules)) {
    expect(document).toContain(`## ${number}. ${name}\n`)
    expect(ruleText(Number(number))?.length).toBeGreaterThan(20)
    expect(ruleText(Number(number))).not.toContain("\n## ")
  }
  expect(ruleText(99)).toBeNull()
  expect(sectionOf("## 1. A\nfirst\n## 2. B\n\nlast", 2)).toBe("last")
})
