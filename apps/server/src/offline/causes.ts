/** What led to an event, one step after the other: the agent's own lines, the effect, the command, the message of a person. */
import type { Cause, EffectRow, EventEnvelope } from "@threadfold/contracts"

/** Where the steps are looked up. */
export interface CauseSource {
  /** The native lines that an event came from, verbatim; null: none are kept. */
  readonly nativeOf: (sequence: number) => string | null
  readonly effectOf: (effectId: string) => EffectRow | null
  /** The events of the thread, from its first one on. */
  readonly events: () => Iterable<EventEnvelope>
}

const blank: Cause = {
  kind: "command",
  id: null,
  sequence: null,
  effect: null,
  status: null,
  events: [],
  at: null,
  text: null,
}

/** Types of a command's events that are named. */
const typesLimit = 10

const member = (payload: unknown, name: string): string | null => {
  const value: unknown = typeof payload === "object" && payload !== null ? Reflect.get(payload, name) : null
  return typeof value === "string" ? value : null
}

/** Events that carry the text of a person. */
const carriesText = new Set(["message.queued", "message.edited", "turn.requested", "message.steered"])

const messageOf = ({ payload, recordedAt, sequence, turnId, type }: EventEnvelope): Cause | null => {
  const text = carriesText.has(type) ? member(payload, "text") : null
  if (text === null) return null
  return { ...blank, kind: "message", id: member(payload, "messageId") ?? turnId, sequence, at: recordedAt, text }
}

const effectCause = ({ createdAt, effectId, kind, status }: EffectRow): Cause => ({
  ...blank,
  kind: "effect",
  id: effectId,
  effect: kind,
  status,
  at: createdAt,
})

/** The events of some commands, and the queueing of a message, up to an event. */
const eventsOfCommands = (
  { events }: CauseSource,
  commandIds: ReadonlySet<string>,
  messageId: string | null,
  until: number,
): readonly EventEnvelope[] => {
  const found: EventEnvelope[] = []
  for (const event of events()) {
    if (event.sequence > until) break
    const isOfCommand = event.commandId !== null && commandIds.has(event.commandId)
    const queued =
      messageId !== null && event.type === "message.queued" && member(event.payload, "messageId") === messageId
    if (isOfCommand || queued) found.push(event)
  }
  return found
}

/** The chain that led to an event, nearest first. Empty: nothing of ours did, and it came from no agent. */
export const causesOf = (source: CauseSource, event: EventEnvelope): readonly Cause[] => {
  const chain: Cause[] = []
  const native = source.nativeOf(event.sequence)
  if (native !== null) {
    chain.push({ ...blank, kind: "native", sequence: event.sequence, at: event.recordedAt, text: native })
  }
  const { causationId, commandId, correlationId } = event
  const effect = causationId === null || causationId === commandId ? null : source.effectOf(causationId)
  if (effect !== null) chain.push(effectCause(effect))
  // The nearest command first; the one that began it all last.
  const ids = [commandId, effect?.commandId ?? null, effect === null ? causationId : null, correlationId]
  const commandIds = [...new Set(ids.filter((id) => id !== null))]
  if (commandIds.length === 0) return chain
  const found = eventsOfCommands(source, new Set(commandIds), effect?.messageId ?? null, event.sequence)
  for (const id of commandIds) {
    const own = found.filter((one) => one.commandId === id)
    const [first] = own
    if (first === undefined && id !== effect?.commandId && id !== commandId) continue
    const types = [...new Set(own.map(({ type }) => type))].slice(0, typesLimit)
    chain.push({ ...blank, id, sequence: first?.sequence ?? null, at: first?.recordedAt ?? null, events: types })
  }
  const message = found.map(messageOf).find((one) => one !== null)
  return message === undefined ? chain : [...chain, message]
}
