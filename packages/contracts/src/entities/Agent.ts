import { Schema } from "effect"
import { field, flag, optText, shape, text } from "../fields.js"

/** What an agent can be asked to do. */
export const AgentCapabilities = shape("AgentCapabilities", "What an agent can be asked to do.", {
  "start-thread": flag("Start a new thread."),
  "resume-thread": flag("Take an earlier thread up again."),
  "send-turn": flag("Take a message that starts a turn."),
  steer: flag("Take a message into the running turn. False: a message that should steer waits in the queue."),
  interrupt: flag("Interrupt a turn."),
  answer: flag("Take the answer to a question of its own."),
  stop: flag("End when it is asked to."),
  sharesConnection: flag("True: one process serves several threads."),
})

/** A configured agent. */
export const AgentView = shape("Agent", "A configured agent.", {
  name: text("Its name: the value of `agent` of a new thread."),
  kind: text("Provider kind, for example `codex`."),
  model: optText("Model of its threads, unless a thread or a message names another; null: the agent's own."),
  capabilities: field(AgentCapabilities, "What it can be asked to do."),
})
export type AgentView = typeof AgentView.Type

/** The configured agents. */
export const AgentList = shape("AgentList", "The configured agents.", {
  items: field(Schema.Array(AgentView), "The agents, in the order of the configuration."),
})
