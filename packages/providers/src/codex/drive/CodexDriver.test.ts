import { installedAgent } from "@threadfold/testkit"
import { fakeSubject, realSubject } from "../../../test/support/codexSubject.js"
import { driverContract } from "../../testing/DriverContract.js"

driverContract({ name: "Codex driver, fake agent", make: fakeSubject })

const codex = installedAgent("codex")

driverContract({
  name: "Codex driver, real Codex",
  make: codex.installed ? realSubject(codex) : fakeSubject,
  skip: codex.installed ? undefined : codex.reason,
})
