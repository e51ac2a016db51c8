/** Commands about a thread as a whole. */
import { Schema } from "effect"
import { EpochMs, Settings } from "../events/Common.js"
import { UnattendedRules } from "../events/RequestEvents.js"
import { ReviewTarget } from "../events/TurnEvents.js"
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
  "Copies a thread as it was when one of its turns had ended into a new thread, which is read-only unless its agent goes on there. The thread itself does not change.",
  {
    ...ofThread("thread.fork"),
    turnId: field(TurnId, "The turn of the thread that is the last one of the copy. It has ended."),
    intoThreadId: field(ThreadId, "Id of the new thread. Nothing has it yet."),
    agent: maybe(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100)),
      "The agent that goes on in the new thread: the one of this thread. Absent: none does.",
    ),
  },
)

/** How many turns one rewind takes back at most. */
const mostTurns = 1_000

export const RewindThread = shape(
  "RewindThread",
  "Takes back the newest turns of the thread's conversation: its agent goes on from before them. Their rows stay, marked `rewound`.",
  {
    ...ofThread("thread.rewind"),
    turns: maybe(
      Schema.Number.pipe(Schema.int(), Schema.between(1, mostTurns)),
      "How many of the turns that count still, the newest ones, 1 to 1,000; absent: 1.",
    ),
    files: maybe(
      Schema.Boolean,
      "True: the files that the agent changed in these turns are changed back, too. Where that cannot be done nothing is. Absent or false: files stay as they are.",
    ),
  },
)

export const CompactThread = shape(
  "CompactThread",
  "Has the agent replace the head of the thread's conversation by a summary, in a turn of its own.",
  { ...ofThread("thread.compact") },
)

export const StartReview = shape("StartReview", "Has the agent review changes, in a turn of its own.", {
  ...ofThread("review.start"),
  target: field(ReviewTarget, "What is reviewed."),
})

export const ReadThread = shape(
  "ReadThread",
  "A person has seen the thread: its news up to a version are not unread any more.",
  {
    ...ofThread("thread.read"),
    version: field(
      Schema.Number.pipe(Schema.int(), Schema.positive()),
      "`streamVersion` of the thread as the person saw it. What came later stays unread; an older one than the last: no change.",
    ),
  },
)

export const PinThread = shape("PinThread", "Marks the thread as one that a person wants at hand.", {
  ...ofThread("thread.pin"),
})

export const UnpinThread = shape("UnpinThread", "Takes the mark away.", { ...ofThread("thread.unpin") })

export const KeepThreadAlive = shape("KeepThreadAlive", "Keeps the reaper from the thread.", {
  ...ofThread("thread.keep-alive"),
  until: field(
    Schema.NullOr(EpochMs),
    "Until then the reaper leaves the thread alone, ms since the epoch; null lifts it.",
  ),
})

export const SetUnattended = shape(
  "SetUnattended",
  "Says what follows when no person answers a question of the thread's agent. The same rules again: no change.",
  {
    ...ofThread("thread.unattended"),
    rules: field(
      Schema.NullOr(UnattendedRules),
      "1 to 32 rules; the first one for the kind of a question counts, and a rule without a kind is for all of them. A question that no rule is for follows the policy of the server. null: the thread has no rules of its own any more.",
    ),
  },
)
