import { installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { realSubject } from "../../../test/support/claudeSubject.js"
import { driverContract } from "../../testing/DriverContract.js"

const claude = installedAgent("claude")

driverContract({
  name: "the Claude agent",
  make: claude.installed ? realSubject(claude) : Effect.dieMessage("there is none"),
  skip: claude.installed ? undefined : claude.reason,
})
