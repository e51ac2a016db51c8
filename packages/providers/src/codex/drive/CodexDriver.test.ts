import { describe, expect } from "@effect/vitest"
import { installedAgent } from "@threadfold/testkit"
import { fakeSubject, realSubject } from "../../../test/support/codexSubject.js"
import { driverContract } from "../../testing/DriverContract.js"
import { listsContract } from "../../testing/ListsContract.js"

driverContract({ name: "Codex driver, fake agent", make: fakeSubject })

const codex = installedAgent("codex")

driverContract({
  name: "Codex driver, real Codex",
  make: codex.installed ? realSubject(codex) : fakeSubject,
  skip: codex.installed ? undefined : codex.reason,
})

describe.runIf(codex.installed)("the real Codex", () => {
  if (!codex.installed) return
  listsContract(realSubject(codex), ({ account, mcp, models = [], skills }) => {
    const [model] = models.filter(({ isDefault }) => isDefault)
    expect(model?.efforts).toContain("medium")
    expect(model?.native).toMatchObject({ displayName: model?.title })
    // Its model is a provider of ours, which wants no account of OpenAI.
    expect(account).toMatchObject({ signedIn: true, kind: null })
    expect(account?.ways.filter(({ driven }) => driven).map(({ way }) => way)).toEqual(["chatgpt", "chatgptDeviceCode"])
    expect([mcp, Array.isArray(skills)]).toEqual([[], true])
  })
})
