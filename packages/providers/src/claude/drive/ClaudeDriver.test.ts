import { describe, expect } from "@effect/vitest"
import { installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { realSubject } from "../../../test/support/claudeSubject.js"
import { driverContract } from "../../testing/DriverContract.js"
import { listsContract } from "../../testing/ListsContract.js"

const claude = installedAgent("claude")

driverContract({
  name: "the Claude agent",
  make: claude.installed ? realSubject(claude) : Effect.dieMessage("there is none"),
  skip: claude.installed ? undefined : claude.reason,
})

describe.runIf(claude.installed)("the real Claude", () => {
  if (!claude.installed) return
  listsContract(realSubject(claude), ({ account, commands = [], limits, mcp, models = [] }) => {
    expect(models.find(({ isDefault }) => isDefault)?.native).toMatchObject({ value: "default" })
    expect(models.flatMap(({ efforts }) => efforts ?? [])).toContain("high")
    expect(commands.map(({ name }) => name)).toContain("compact")
    expect(account).toMatchObject({ signedIn: true })
    expect([limits, mcp]).toEqual([[], []])
  })
})
