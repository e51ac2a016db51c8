/** Commands about a thread as a whole. */
import { Schema } from "effect"
import { EpochMs, Json } from "../events/Common.js"
import { field, maybe, shape } from "../fields.js"
import { ThreadId, TurnId } from "../Ids.js"

/** Fields of every command. */
export const ofThread = <const Type extends string>(type: Type) =>
  ({
    type: field(Schema.Literal(type), "What the command asks for."),
    threadId: field(ThreadId, "The thread it is about."),
  }) as const

/** A display name: 1 to 1000 characters. */
export const ThreadTitle = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000))

/** Settings in the provider's words: its approval policy, its sandbox. What they are, the agent decides. */
export const Settings = Schema.Record({ key: Schema.String, value: Json })

export const CreateThread = shape(
  "CreateThread",
  "Makes a thread that a configured agent works in. Nothing is started. Repeated with the same content: no change.",
  {
    ...ofThread("thread.create"),
    agent: field(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100)),
      "Name of a configured agent: `GET /v1/agents` lists them.",
    ),
    provider: field(Schema.String.pipe(Schema.minLength(1)), "Provider kind of that agent, for example `codex`."),
    title: maybe(ThreadTitle, "Display name."),
    cwd: maybe(Schema.String.pipe(Schema.minLength(1)), "Working directory of the agent, absolute."),
    model: maybe(Schema.String.pipe(Schema.minLength(1)), "Model, in the provider's words; absent: the agent's."),
    settings: maybe(Settings, "Settings of its sessions, in the provider's words."),
  },
)

export const RenameThread = shape("RenameThread", "Gives the thread another display name.", {
  ...ofThread("thread.rename"),
  title: field(ThreadTitle, "The new display name, 1 to 1,000 characters."),
})

export const ArchiveThread = shape("ArchiveThread", "Puts the thread out of sight. Its session continues.", {
  ...ofThread("thread.archive"),
})

export const UnarchiveThread = shape("UnarchiveThread", "Brings it back.", { ...ofThread("thread.unarchive") })

export const DeleteThread = shape(
  "DeleteThread",
  "Leaves a tombstone; refused while a session of the thread lives. The content goes with a purge.",
  { ...ofThread("thread.delete") },
)

export const RestoreThread = shape("RestoreThread", "Brings a deleted thread back as it was.", {
  ...ofThread("thread.restore"),
})

export const ForkThread = shape(
  "ForkThread",
  "Copies a thread as it was when one of its turns had ended into a new thread, which is read-only. The thread itself does not change.",
  {
    ...ofThread("thread.fork"),
    turnId: field(TurnId, "The turn of the thread that is the last one of the copy. It has ended."),
    intoThreadId: field(ThreadId, "Id of the new thread. Nothing has it yet."),
  },
)

export const KeepThreadAlive = shape("KeepThreadAlive", "Keeps the reaper from the thread.", {
  ...ofThread("thread.keep-alive"),
  until: field(
    Schema.NullOr(EpochMs),
    "Until then the reaper leaves the thread alone, ms since the epoch; null lifts it.",
  ),
})
