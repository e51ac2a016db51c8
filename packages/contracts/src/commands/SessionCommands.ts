/** Commands about a thread's session: the ones we run, and the attached ones that an adapter outside feeds. */
import { Schema } from "effect"
import { Configuration } from "../entities/Configuration.js"
import { Settings } from "../events/Common.js"
import { field, maybe, shape } from "../fields.js"
import { SessionId } from "../Ids.js"
import { ofThread } from "./ThreadCommands.js"

export const StartSession = shape(
  "StartSession",
  "Starts the thread's agent, without a turn. One that lives already: no change.",
  {
    ...ofThread("session.start"),
    fresh: maybe(
      Schema.Boolean,
      "True: where the agent cannot open the thread again, start a new conversation. Absent or false: such a start fails with a problem.",
    ),
  },
)

export const StopSession = shape(
  "StopSession",
  "Stops the thread's agent, and cancels what has not started. None that lives: no change.",
  {
    ...ofThread("session.stop"),
    reason: maybe(Schema.String.pipe(Schema.maxLength(1_000)), "Why, for people."),
  },
)

export const ConfigureSession = shape(
  "ConfigureSession",
  "Chooses what the agent of the thread works with, in the agent's words: from the next session on and, where one lives, from its next turn on, or at once where the agent can.",
  {
    ...ofThread("session.configure"),
    ...Configuration.fields,
    settings: field(
      Settings,
      "The same choices as settings of a session, in the provider's words, beside the model: made by the agent's driver.",
    ),
  },
)

/** `session.attach`: opens an attached session. */
export const AttachSession = shape(
  "AttachSession",
  "Opens an attached session, and the thread with it where there is none. Repeated with the same content: no change.",
  {
    ...ofThread("session.attach"),
    sessionId: field(SessionId, "Id that the adapter chose."),
    provider: field(Schema.String.pipe(Schema.minLength(1)), "Provider kind."),
    nativeThreadId: maybe(Schema.String, "The provider's id of the thread."),
    leaseMs: field(
      Schema.Number.pipe(Schema.int(), Schema.positive()),
      "The session ends when nothing comes for so long, ms.",
    ),
    title: maybe(Schema.String, "Display name of the thread."),
    cwd: maybe(Schema.String, "Working directory."),
  },
)

export const DetachSession = shape("DetachSession", "Ends an attached session. Repeated: no change.", {
  ...ofThread("session.detach"),
  sessionId: field(SessionId, "The session."),
})
