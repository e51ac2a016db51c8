/** Checks of the lines that an adapter sends: their media type, their numbers, their content. */
import { events, isEventType, isProviderEventType, unknownName } from "@threadfold/contracts"
import { type AdapterCheck, atCall, atLine, type Observation, type Sighting } from "./AdapterCheck.js"
import { firstSent, type ObservedSession, resultsOf, type SentLine } from "./ObservedSession.js"

const mediaTypes: readonly string[] = ["application/x-ndjson", "application/json"]

/** Statuses that say that a body as a whole is wrong. */
const refusedBody: readonly number[] = [400, 413, 422]

const pushesOf = ({ trace }: Observation) => trace.calls.filter(({ operation }) => operation === "push")

/** Findings of every session that was sent lines; null where there is none. */
const ofLines =
  (find: (session: ObservedSession) => readonly Sighting[]) =>
  ({ sessions }: Observation): readonly Sighting[] | null => {
    const fed = sessions.filter(({ lines }) => lines.length > 0)
    return fed.length === 0 ? null : fed.flatMap(find)
  }

const mediaType: AdapterCheck = {
  id: "media-type",
  title: "A push is NDJSON (application/x-ndjson) or a JSON array (application/json)",
  next: "Send `Content-Type: application/x-ndjson` with one event a line.",
  exercise: "Push events.",
  isOfSent: true,
  judge: (observation) => {
    const pushes = pushesOf(observation)
    if (pushes.length === 0) return null
    return pushes
      .filter((call) => !mediaTypes.includes(call.mediaType))
      .map((call) => atCall(call, `was sent as ${call.mediaType === "" ? "no media type" : call.mediaType}`))
  },
}

/** Each first sending of a number must be the next one of its channel. */
const findGaps = ({ lines }: ObservedSession): readonly Sighting[] => {
  const last = new Map<string, number>()
  return lines.flatMap((line) => {
    const { channel, seq } = line
    const due = (last.get(channel) ?? 0) + 1
    if (seq >= due) last.set(channel, seq)
    return seq > due ? [atLine(line, `came where seq ${due} was due`)] : []
  })
}

const numbers: AdapterCheck = {
  id: "seq-gapless",
  title: "In each session seq counts 1, 2, 3 … on each channel",
  next: "Begin each session at seq 1 on each channel, and count every event once, also over several pushes.",
  exercise: "Push events.",
  isOfSent: true,
  judge: ofLines(findGaps),
}

/** Lines whose number was sent before, each with the one that was sent first. */
const repeatsOf = ({ lines }: ObservedSession): readonly (readonly [again: SentLine, first: SentLine])[] => {
  const known = new Map<string, SentLine>()
  return lines.flatMap((line): readonly (readonly [SentLine, SentLine])[] => {
    const key = `${line.seq} ${line.channel}`
    const first = known.get(key)
    if (first === undefined) {
      known.set(key, line)
      return []
    }
    return [[line, first]]
  })
}

const content: AdapterCheck = {
  id: "seq-content",
  title: "The same seq always has the same content",
  next: "Keep each event as it was first sent, its time included, until it is acknowledged; send that again.",
  exercise: "Send an event again, as after an answer that was lost.",
  isOfSent: true,
  judge: ({ sessions }) => {
    const repeats = sessions.flatMap(repeatsOf)
    if (repeats.length === 0) return null
    return repeats
      .filter(([again, first]) => again.content !== first.content)
      .map(([again, first]) => atLine(again, `differs from what call ${first.call.number} sent in line ${first.line}`))
  },
}

/** Types that an adapter may send. */
const providerTypes = Object.keys(events).filter(isProviderEventType)

/** Lines of a type that no event has: the server keeps them for a later version that may know it, and nothing else says so. */
const findUnknownTypes = (session: ObservedSession): readonly Sighting[] =>
  firstSent(session)
    .filter(({ type }) => !isEventType(type))
    .map((line) => atLine(line, `changes nothing: ${unknownName("event type", line.type, providerTypes)}`))

const valid: AdapterCheck = {
  id: "line-valid",
  title: "Each line is an event of a known form",
  next: "The problem is in the catalogue (docs/reference/problems.md), the payload of each type in docs/reference/events.md.",
  exercise: "Push events.",
  isOfSent: true,
  judge: (observation) => {
    const answered = pushesOf(observation).filter(({ answer }) => answer !== "")
    const refused = answered.filter(({ status }) => status !== null && refusedBody.includes(status))
    const results = answered.flatMap((call) => resultsOf(call).map((result) => ({ call, result })))
    if (results.length === 0 && refused.length === 0) return null
    return [
      ...refused.map((call) => atCall(call, `was refused as a whole with ${call.status}`)),
      ...results.flatMap(({ call, result: { line, place, problem, status } }) =>
        status === "invalid" || problem === "unknown-field"
          ? [{ ...atCall(call, `${problem ?? "invalid"}${place === undefined ? "" : ` at ${place}`}`), line }]
          : [],
      ),
      ...observation.sessions.flatMap(findUnknownTypes),
    ]
  },
}

export const lineChecks: readonly AdapterCheck[] = [mediaType, valid, numbers, content]
