/**
 * The *log* kind: what holds of every log that Threadfold wrote, whatever its sources did. A source that repeats itself,
 * contradicts itself or leaves numbers out causes anomalies; none of that is allowed to show here.
 */
import { type EventEnvelope, entityIds, uuidV7Pattern } from "@threadfold/contracts"
import { mayOpen } from "../resolve/mints.js"
import type { LogInvariant } from "./Invariant.js"
import { Numbers, Recent } from "./numbers.js"

/** Ids that are remembered: far more than are open, or that late events name. */
const window = 8192

const actors = new Set<string>(["provider", "client", "orchestrator", "reaper", "import"])

const idsOf = (event: EventEnvelope): readonly (readonly [string, string | null])[] => [
  ["eventId", event.eventId],
  ["streamId", event.streamId],
  ["sessionId", event.sessionId],
  ["commandId", event.commandId],
  ...entityIds.map((name) => [name, event[name]] as const),
]

export const logInvariants: readonly LogInvariant[] = [
  {
    id: "log.sequence-increases",
    kind: "log",
    severity: "error",
    text: "In a stream, sequences strictly increase.",
    start: () => {
      let last = 0
      return ({ sequence }) => {
        const broken = sequence <= last ? `sequence ${sequence} follows ${last}` : null
        last = Math.max(last, sequence)
        return broken
      }
    },
  },
  {
    id: "log.stream-version-gapless",
    kind: "log",
    severity: "error",
    text: "A stream's versions run 1, 2, 3 … without a gap or a repeat.",
    start: () => {
      let last = 0
      return ({ streamVersion }) => {
        const broken = streamVersion === last + 1 ? null : `version ${streamVersion} follows ${last}`
        last = streamVersion
        return broken
      }
    },
  },
  {
    id: "log.event-in-its-stream",
    kind: "log",
    severity: "error",
    text: "An event names the stream that it is stored in.",
    start: (streamId) => (event) => (event.streamId === streamId ? null : `the event names stream ${event.streamId}`),
  },
  {
    id: "log.stream-has-one-kind",
    kind: "log",
    severity: "error",
    text: "A stream is a thread's or a connection's: numbered events name a session in the one, no event does in the other.",
    start: () => {
      let kind: "thread" | "connection" | null = null
      return ({ channel, sessionId, type }) => {
        const shows =
          sessionId !== null
            ? "thread"
            : channel !== null || type === "connection.opened" || type === "connection.purged"
              ? "connection"
              : null
        kind ??= shows ?? "thread"
        return shows === null || shows === kind ? null : `an event of a ${shows} in a ${kind}'s stream`
      }
    },
  },
  {
    id: "log.event-id-unique",
    kind: "log",
    severity: "error",
    text: "No two events have the same id.",
    start: () => {
      const seen = new Recent(window)
      return ({ eventId }) => {
        if (seen.has(eventId)) return `event ${eventId} was there before`
        seen.add(eventId)
        return null
      }
    },
  },
  {
    id: "log.our-ids-are-uuid-v7",
    kind: "log",
    severity: "error",
    text: "Every id of ours is a UUIDv7 with its version and variant bits right.",
    start: () => (event) => {
      const odd = idsOf(event).find(([, value]) => value !== null && !uuidV7Pattern.test(value))
      return odd === undefined ? null : `${odd[0]} is ${odd[1]}`
    },
  },
  {
    id: "log.id-opened-before-use",
    kind: "log",
    severity: "error",
    text: "An event names a turn, item, request or other thing only after the event that opened it.",
    start: () => {
      const opened = new Map(entityIds.map((name) => [name, new Recent(window)]))
      return (event) => {
        for (const name of entityIds) {
          const value = event[name]
          const known = opened.get(name)
          if (value === null || known === undefined || known.has(value)) continue
          if (mayOpen(name, event)) {
            known.add(value)
            // A command that continues in the background becomes the task of the same id.
            if (name === "itemId") opened.get("taskId")?.add(value)
          } else if (known.complete) return `${name} ${value} was never opened`
        }
        return null
      }
    },
  },
  {
    id: "log.number-used-once",
    kind: "log",
    severity: "error",
    text: "In a channel of a session or connection, every number is used once.",
    start: () => {
      const channels = new Map<string, Numbers>()
      return ({ channel, seq, sessionId }) => {
        if (channel === null || seq === null) return null
        const key = `${sessionId ?? ""}/${channel}`
        const numbers = channels.get(key) ?? new Numbers()
        channels.set(key, numbers)
        return numbers.repeats(seq) ? `number ${seq} of channel ${channel} was used before` : null
      }
    },
  },
  {
    id: "log.numbers-are-whole",
    kind: "log",
    severity: "error",
    text: "A numbered event has a channel and a number from 1, one that is not numbered has neither.",
    start:
      () =>
      ({ channel, seq }) =>
        (channel === null) === (seq === null) && (seq === null || (Number.isSafeInteger(seq) && seq >= 1))
          ? null
          : `channel ${channel}, number ${seq}`,
  },
  {
    id: "log.envelope-is-whole",
    kind: "log",
    severity: "error",
    text: "Every event has a known actor, a version from 1 and two times.",
    start: () => (event) => {
      if (!actors.has(event.actor)) return `the actor is ${event.actor}`
      if (!Number.isSafeInteger(event.v) || event.v < 1) return `the version is ${event.v}`
      return Number.isFinite(event.at) && Number.isFinite(event.recordedAt) ? null : "a time is no number"
    },
  },
]
