/** The real Claude, by its Agent SDK, under the orchestrator, against a model server of ours on loopback. */
import { makeClaudeDriver } from "@threadfold/providers"
import { installedAgent } from "@threadfold/testkit"
import { claudeStories } from "../test/ClaudeStories.js"

claudeStories({
  title: "the real Claude",
  agent: installedAgent("claude"),
  driver: ({ module }, { env }) => makeClaudeDriver({ sdk: module, env, limits: { graceMs: 500 } }),
  cancelled: "declined",
})
