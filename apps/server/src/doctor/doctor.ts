/** Looks at everything that has to be right before an agent runs. Changes nothing. */
import { Effect } from "effect"
import { readConfig } from "../config/readConfig.js"
import { version } from "../installed.js"
import { checkAgents } from "./agents.js"
import { checkDirectory, checkModule, checkNode, checkPlatform } from "./machine.js"
import type { Check, DoctorReport } from "./Report.js"

/** The report. @param config the configuration that was named; null: that of the data directory, if it has one */
export const examine = (directory: string, config: string | null): Effect.Effect<DoctorReport> =>
  Effect.gen(function* () {
    const found = yield* Effect.either(readConfig(directory, config))
    const configuration: Check =
      found._tag === "Left"
        ? {
            subject: "configuration",
            status: "problem",
            detail: found.left.detail,
            next: "Correct the file; docs/how-to/agents.md shows the fields.",
          }
        : {
            subject: "configuration",
            status: "ok",
            detail: found.right.file ?? "none; agents that are installed are used as they are",
            next: null,
          }
    const checks = [
      checkPlatform(process.platform),
      checkNode(process.versions.node),
      yield* checkModule,
      ...(yield* checkDirectory(directory)),
      configuration,
    ]
    const agents = found._tag === "Left" ? [] : yield* checkAgents(found.right, directory)
    const ok = [...checks, ...agents].every(({ status }) => status !== "problem")
    return { ok, version, checks, agents }
  })
