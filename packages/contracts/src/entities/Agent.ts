import { Schema } from "effect"
import { field, flag, growing, later, listed, optText, shape, text } from "../fields.js"
import { AgentListName } from "./AgentListing.js"
import { type ConfigurationChoice, ConfigurationChoices } from "./Configuration.js"

/** A choice of which an older server says nothing. */
const notTaken: ConfigurationChoice = { taken: false, values: [] }

/**
 * A capability that every version names. Beside fields with a default the JSON schema has the meaning from the type alone; an error of
 * a decoder still names the type.
 */
const firstFlag = (description: string) =>
  field(Schema.Boolean.annotations({ jsonSchema: { type: "boolean", description } }), description)

/** A capability that the first version did not name: where a server does not, its agents cannot. */
const laterFlag = (description: string) => later(Schema.Boolean, () => false, description)

/** Capabilities of which a server may learn only from a connection of the agent. */
const UnknownCapability = listed("UnknownCapability", "A capability that is not known yet.", "images")

/** What an agent can be asked to do. A capability that is added is a later one: an older server does not send it. */
export const AgentCapabilities = shape("AgentCapabilities", "What an agent can be asked to do.", {
  "start-thread": firstFlag("Start a new thread."),
  "resume-thread": firstFlag("Take an earlier thread up again."),
  "send-turn": firstFlag("Take a message that starts a turn."),
  steer: firstFlag("Take a message into the running turn. False: a message that should steer waits in the queue."),
  interrupt: firstFlag("Interrupt a turn."),
  answer: firstFlag("Take the answer to a question of its own."),
  stop: firstFlag("End when it is asked to."),
  configure: laterFlag(
    "Take another model, effort, approval mode or sandbox while a thread is open: `configuration` has which.",
  ),
  images: laterFlag("Take images in a message: PNG, JPEG, WebP, GIF."),
  mentions: laterFlag("Take files and directories that a message mentions."),
  skills: laterFlag("Take a skill that a message asks for."),
  commands: laterFlag("Take a slash command."),
  rewind: laterFlag("Take the newest turns of a conversation back."),
  restoreFiles: laterFlag("Beside a rewind: change the files back that it changed in these turns."),
  compact: laterFlag("Replace the head of a conversation by a summary when it is asked to."),
  review: laterFlag("Review changes of the folder in a turn made for that."),
  fork: laterFlag("Go on in a fork of a thread, with a conversation of its own that begins as the other one was."),
  stopTask: laterFlag("End one background task when it is asked to."),
  unknown: later(
    Schema.Array(growing(UnknownCapability)),
    () => [],
    "Which of the others are not known yet: the agent says it with its first connection, as a message or a refresh of one of its lists makes it. They are false here until then, and a message that needs one is tried.",
  ),
  sharesConnection: firstFlag("True: one process serves several threads."),
  lists: later(Schema.Array(growing(AgentListName)), () => [], "What `GET /v1/agents/{name}/…` shows of it."),
  configuration: later(
    ConfigurationChoices,
    () => ({ model: notTaken, effort: notTaken, mode: notTaken, sandbox: notTaken }),
    "What a client may choose for its threads.",
  ),
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

/** What there is of an agent on the machine of the server. */
export const AgentInstallation = shape("AgentInstallation", "What there is of an agent on the machine of the server.", {
  status: field(
    growing(
      listed(
        "AgentInstallationStatus",
        "Whether an agent can be started on the machine of the server.",
        "ok",
        "missing",
        "problem",
      ),
    ),
    "`ok`: it is there; `missing`: it is not, and nothing asks for it; `problem`: it has to be corrected.",
  ),
  configured: flag("True: the configuration names it. False: it is known by its name."),
  version: optText("What it says of its version; null: it says nothing, or is not there."),
  path: optText("The program, or the module of its SDK; null: there is none."),
  detail: text("What was found, for people."),
  next: optText("What to do, for example the command that installs it; null: nothing."),
})
export type AgentInstallation = typeof AgentInstallation.Type

/** One agent: what it can be asked to do, and what there is of it. */
export const AgentDetail = shape("AgentDetail", "One agent: what it can be asked to do, and what there is of it.", {
  name: text("Its name."),
  kind: text("Provider kind, for example `codex`."),
  model: optText("Model of its threads, unless a thread or a message names another; null: the agent's own."),
  capabilities: field(
    Schema.NullOr(AgentCapabilities),
    "What it can be asked to do; null: no thread can be made with it, because it is not there.",
  ),
  running: flag("True: a process of it runs."),
  installation: field(Schema.NullOr(AgentInstallation), "What there is of it on this machine; null: not known."),
  signedIn: field(
    Schema.NullOr(Schema.Boolean),
    "Whether it was signed in when it was last asked (`GET /v1/agents/{name}/account`); null: not known.",
  ),
})
export type AgentDetail = typeof AgentDetail.Type
