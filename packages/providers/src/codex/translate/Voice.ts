/**
 * What a voice conversation needs to be remembered: which form of the transcript this wire uses, who speaks in a segment,
 * and the hand-overs that are not yet joined with the turn they became.
 */

/** How Codex marks the user message that a hand-over became. */
const delegationTag = "<realtime_delegation>"

const entities: ReadonlyMap<string, string> = new Map([
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&apos;", "'"],
  ["&#39;", "'"],
  ["&amp;", "&"],
])

/** Undoes the escaping of XML text, each entity once. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(?:lt|gt|quot|apos|amp|#39);/g, (entity) => entities.get(entity) ?? entity)

/** The text that was handed over, when a user message is a delegation; null when it is none. */
export const delegatedText = (text: string | null): string | null => {
  if (text === null || !text.trimStart().startsWith(delegationTag)) return null
  const input = /<input>([\s\S]*?)<\/input>/.exec(text)?.[1]
  return input === undefined ? null : unescapeXml(input)
}

interface Handoff {
  readonly id: string
  readonly text: string
}

interface Delegated {
  readonly turnId: string
  readonly text: string
}

export interface Voice {
  /** True once the wire sent typed transcript items: then the untyped ones only repeat them. */
  typedTranscript: boolean
  /** Typed items that are being spoken: by whom, and in which run, where it has a name. */
  readonly segments: Map<string, { readonly role: string | undefined; readonly realtimeId: string | undefined }>
  /** The name of the run whose close was told by an item and is yet to be notified. */
  closing: string | undefined
  /** True when the client said that it routes hand-overs itself. */
  clientRoutes: boolean
  /** Hand-overs whose user message was not seen yet, oldest first. */
  readonly handoffs: Handoff[]
  /** Delegated user messages whose hand-over was not seen yet, oldest first. */
  readonly delegated: Delegated[]
  /** User messages that were looked at already: each comes as a start and as an end. */
  readonly seenMessages: Set<string>
}

export const makeVoice = (): Voice => ({
  typedTranscript: false,
  segments: new Map(),
  closing: undefined,
  clientRoutes: false,
  handoffs: [],
  delegated: [],
  seenMessages: new Set(),
})

/** Forgets what waits for a counterpart that cannot come any more. */
export const forgetLinks = (voice: Voice): void => {
  voice.handoffs.length = 0
  voice.delegated.length = 0
  voice.segments.clear()
  voice.closing = undefined
  voice.seenMessages.clear()
}

const takeFirst = <T extends { readonly text: string }>(list: T[], text: string): T | undefined => {
  const index = list.findIndex((entry) => entry.text.trim() === text.trim())
  return index === -1 ? undefined : list.splice(index, 1)[0]
}

/** A user message arrived. Says which hand-over it is, when one waits for it; remembers it when none does yet. */
export const linkMessage = (
  voice: Voice,
  item: { readonly id: string; readonly text: string | null; readonly turnId: string | undefined },
): string | undefined => {
  const text = delegatedText(item.text)
  const key = JSON.stringify([item.turnId ?? null, item.id])
  if (text === null || voice.seenMessages.has(key)) return undefined
  voice.seenMessages.add(key)
  const handoff = takeFirst(voice.handoffs, text)
  if (handoff === undefined && item.turnId !== undefined) voice.delegated.push({ turnId: item.turnId, text })
  return handoff?.id
}

/** A hand-over arrived. Says which turn carries it, when its user message came first; remembers it otherwise. */
export const linkHandoff = (voice: Voice, id: string, text: string): string | undefined => {
  const delegated = takeFirst(voice.delegated, text)
  const waits = voice.handoffs.some((handoff) => handoff.id === id)
  if (delegated === undefined && !waits) voice.handoffs.push({ id, text })
  return delegated?.turnId
}
