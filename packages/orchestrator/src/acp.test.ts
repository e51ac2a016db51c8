/** A real agent of the Agent Client Protocol under the orchestrator, against a model server of ours on loopback. */
import { makeAcpDriver } from "@threadfold/providers"
import { installedAgent } from "@threadfold/testkit"
import { claudeStories } from "../test/ClaudeStories.js"

claudeStories({
  title: "a real ACP agent",
  agent: installedAgent("acp"),
  driver: ({ args, command }, { env }) => makeAcpDriver({ name: "acp", command, args, env, limits: { graceMs: 500 } }),
  cancelled: "interrupted",
})
