import { installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { realSubject } from "../../test/support/acpSubject.js"
import { driverContract } from "../testing/DriverContract.js"

const agent = installedAgent("acp")

driverContract({
  name: "ACP driver, real agent",
  make: agent.installed ? realSubject(agent) : Effect.dieMessage(agent.reason),
  skip: agent.installed ? undefined : agent.reason,
})
