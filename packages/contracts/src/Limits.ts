/**
 * Bounds of what comes from outside, as numbers that every border shares. What passes one of them is refused with a
 * problem, or kept as a line that is no event; it never affects other lines.
 */

/** Levels of arrays and objects that JSON from outside may have. Below it no recursion of ours can overflow a stack. */
export const maxJsonDepth = 512

/**
 * Values (arrays, objects, their entries and members) that JSON from outside may have. A million bytes can hold half a million of
 * them; what each costs to read, check and pass on would keep other callers waiting.
 */
export const maxJsonValues = 20_000

/** Highest number in a channel, 2^48 - 1: the ids of numbered events have 48 bits for it. */
export const maxSeq = 2 ** 48 - 1

/** Latest time of a source's clock, ms since the epoch, 2^48 - 1: what a UUIDv7 can hold (the year 10889). */
export const maxTime = 2 ** 48 - 1

/** Longest event type, characters. */
export const maxTypeLength = 200

/** Longest native id, characters. Some gateways make ids of several hundred. */
export const maxNativeIdLength = 4_096

/** Lines that one push may have, blank ones included; entries of an array likewise. */
export const maxPushLines = 20_000

/** Longest line of a recording, bytes: as long as an agent's may be. A longer one is unreadable, and is not held in memory. */
export const maxRecordedLineBytes = 64 * 1024 * 1024

/** Highest speed of a replay. */
export const maxReplaySpeed = 1_000_000

/*
 * How much of a kind the state of a thread holds at a time. What a person or an adapter asks for beyond is refused; what a source
 * sends beyond is kept in the log, and is the anomaly `limit-reached`.
 */

/** Channels of a session, whose numbers are watched for gaps. Drivers use four; an event that is pushed on one more is refused. */
export const channelLimit = 32
/** Turns that were asked for and have not started. */
export const requestedTurnLimit = 32
/** Voice runs that were asked for and have not started. */
export const voiceStartLimit = 32
/** Messages in a queue. */
export const queueLimit = 100
/** Requests of a turn that its agent resolved in a row without a decision: of so many it is known that another client decided. */
export const elsewhereLimit = 100
/** Durable subscriptions of a log. */
export const subscriptionLimit = 100
/** Turns that one rewind looks back over, ranges that were taken back before counted once: those before are not taken back. */
export const rewindTurnLimit = 10_000

/** Highest token count that a source may report, 2^43: sums of a thousand such are still exact. */
export const maxTokenCount = 2 ** 43

/** Longest `firstWords` of a thread, UTF-16 units. */
export const firstWordsLength = 80
/** Longest `preview` of a thread, UTF-16 units. */
export const previewLength = 200

/*
 * How much of a text rides along. What is longer is cut, and read by range where its `href` says.
 */

/** Longest text of an answer or of a stream, bytes of UTF-8; of a field that holds JSON, of its JSON. */
export const longestTextBytes = 64 * 1024
/** Longest page of a list and longest event of a stream, bytes. */
export const longestPageBytes = 256 * 1024

const mebibyte = 1024 * 1024

/** How much of a bundle the web page opens, which holds all of it in memory. What is larger is imported. */
export const shownBundle = {
  /** Bytes of the file. */
  packed: 256 * mebibyte,
  /** Bytes of all lines. */
  unpacked: 512 * mebibyte,
  /** Bytes of a line. */
  line: 64 * mebibyte,
  events: 500_000,
  streams: 10_000,
} as const

/** Largest bundle in a file of `export --html`, bytes: a third more of it are a text of the file. */
export const htmlBundleBytes = 64 * mebibyte
