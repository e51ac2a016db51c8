/** Figures about a database: what `stats` prints and `GET /v1/stats` answers. */
import { Schema } from "effect"
import { byName, field, int, shape, text, time, Whole } from "./fields.js"

const sizes = {
  events: int("Events."),
  payloadBytes: int("Bytes of their payloads."),
  nativeBytes: int("Bytes of their native messages, unpacked."),
}

const Minute = shape("BusyMinute", "A minute of our clock.", {
  at: time("Its beginning"),
  events: int("Events in it."),
})

/** What the log consists of. */
export const LogStats = shape("LogStats", "What a log consists of. Each part is null unless it was asked for.", {
  types: field(
    Schema.NullOr(
      shape("TypeStats", "Sizes and rates.", {
        byType: field(
          byName(shape("EventSizes", "How many events, and how large.", sizes)),
          "Event type → how many, and how large. Beyond 1,000 types the rest is `other`.",
        ),
        payloadBytes: int("Bytes of all payloads."),
        nativeBytes: int("Bytes of all native messages, unpacked."),
        perMinute: field(Schema.Number, "Events a minute, from the first to the last, by our clock."),
        busiestMinute: field(Schema.NullOr(Minute), "The minute with the most events; null: there are none."),
      }),
    ),
    "Sizes and rates.",
  ),
  threads: field(
    Schema.NullOr(
      Schema.Array(
        shape("LargeStream", "A thread or connection, and how large it is.", {
          streamId: text("Its id."),
          ...sizes,
          firstAt: time("When its first event was recorded"),
          lastAt: time("When its last event was recorded"),
        }),
      ),
    ),
    "The 20 largest, by the bytes of payloads and native messages.",
  ),
  gaps: field(
    Schema.NullOr(
      shape("GapStats", "Numbers of sources that are not in the log, and what was sent twice.", {
        total: int("Channels of sessions and connections."),
        withGaps: int("Those of which numbers are missing."),
        missing: int("Numbers that are missing."),
        conflicts: int("Events that came under a number that other content has."),
        duplicates: field(
          byName(Whole),
          "What was told twice under new numbers: reason of the anomaly → how often. A repeated delivery is not stored, and is in no figure.",
        ),
        channels: field(
          Schema.Array(
            shape("ChannelGaps", "A channel of which numbers are missing.", {
              source: text("Its session, or its connection."),
              channel: text("Its name."),
              events: int("Events of it."),
              lastSeq: int("Highest number."),
              missing: int("Numbers from 1 on that are missing."),
            }),
          ),
          "The 20 with the most missing numbers.",
        ),
      }),
    ),
    "Gaps and duplicates.",
  ),
  skew: field(
    Schema.NullOr(
      shape("SkewStats", "How much later than by the clock of its source an agent's event was recorded.", {
        events: int("Events that were compared."),
        ahead: int("Those whose source was ahead of our clock."),
        leastMs: field(
          Schema.NullOr(Schema.Number),
          "Least difference, ms; below 0: the source was ahead. Null: there are none.",
        ),
        meanMs: field(Schema.NullOr(Schema.Number), "Mean difference, ms; null: there are none."),
        mostMs: field(
          Schema.NullOr(Schema.Number),
          "Largest difference, ms; null: there are none. Of a recording: its age.",
        ),
        sessions: field(
          Schema.Array(
            shape("SessionSkew", "A session, and how its clock differs.", {
              sessionId: text("Its id."),
              leastMs: field(Schema.Number, "Least difference, ms."),
              mostMs: field(Schema.Number, "Largest difference, ms."),
            }),
          ),
          "The 20 that differ most.",
        ),
      }),
    ),
    "Differences of clocks.",
  ),
})
export type LogStats = typeof LogStats.Type

/** What `stats` prints. */
export const Stats = shape("Stats", "Figures about a database: `stats` prints them.", {
  events: int("Events in the log."),
  threads: int("Threads, deleted ones included."),
  lastSequence: int("Highest sequence; 0 for an empty log."),
  databaseBytes: int("Size of the database file, bytes."),
  walBytes: int("Size of its write-ahead log, bytes."),
  anomalies: int("Anomalies over all threads."),
  byType: field(
    Schema.NullOr(byName(Whole)),
    "Event type → how many. Null when it was not asked for (it reads the whole log).",
  ),
  log: field(Schema.NullOr(LogStats), "What the log consists of; null unless a part of it was asked for."),
})
export type Stats = typeof Stats.Type
