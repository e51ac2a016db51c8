/** Commands about a thread's session: the ones we run, and the attached ones that an adapter outside feeds. */
import { Schema } from "effect"
import { maybe } from "../events/Common.js"
import { SessionId } from "../Ids.js"
import { ofThread } from "./Thread.js"

/** Starts the thread's agent, without a turn. One that lives already: no change. */
export const StartSession = Schema.Struct({
  type: Schema.Literal("session.start"),
  ...ofThread,
  /**
   * True: where the agent cannot open the thread again, start anew without what was said before. Absent or false: such a
   * start fails and says so.
   */
  fresh: maybe(Schema.Boolean),
})

/** Stops the thread's agent, and cancels what has not started. None that lives: no change. */
export const StopSession = Schema.Struct({
  type: Schema.Literal("session.stop"),
  ...ofThread,
  /** Why, for people. */
  reason: maybe(Schema.String.pipe(Schema.maxLength(1_000))),
})

/** Opens an attached session, and the thread with it where there is none. Repeated with the same content: no change. */
export const AttachSession = Schema.Struct({
  type: Schema.Literal("session.attach"),
  ...ofThread,
  /** Id that the adapter chose. */
  sessionId: SessionId,
  /** Provider kind. */
  provider: Schema.String.pipe(Schema.minLength(1)),
  /** The provider's id of the thread. */
  nativeThreadId: maybe(Schema.String),
  /** The session ends when nothing comes for so long, ms. */
  leaseMs: Schema.Number.pipe(Schema.int(), Schema.positive()),
  /** Display name of the thread. */
  title: maybe(Schema.String),
  /** Working directory. */
  cwd: maybe(Schema.String),
})

/** Ends an attached session. Repeated: no change. */
export const DetachSession = Schema.Struct({
  type: Schema.Literal("session.detach"),
  ...ofThread,
  /** The session. */
  sessionId: SessionId,
})
