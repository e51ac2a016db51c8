/**
 * The translator's state of a voice conversation: which form of transcript the wire uses, who speaks in a segment, and the
 * handoffs that are not yet linked with the turn they became.
 */

/** The tag with which Codex marks a user message that comes from a handoff. */
const delegationTag = "<realtime_delegation>"

const entities: ReadonlyMap<string, string> = new Map([
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&apos;", "'"],
  ["&#39;", "'"],
  ["&amp;", "&"],
])

/** Unescapes XML text, each entity once. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(?:lt|gt|quot|apos|amp|#39);/g, (entity) => entities.get(entity) ?? entity)

/** The text of the handoff that a user message comes from. Null: the message comes from none. */
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
  /** True once the wire has sent typed transcript items. Then the untyped ones only repeat them. */
  typedTranscript: boolean
  /** Open transcript segments: the speaker, and the run where it has a name. */
  readonly segments: Map<string, { readonly role: string | undefined; readonly realtimeId: string | undefined }>
  /** The name of the run that an item reported as closed, until the notification of the close. */
  closing: string | undefined
  /** True: the client has said that it routes handoffs itself. */
  clientRoutes: boolean
  /** Handoffs whose user message has not come yet, oldest first. */
  readonly handoffs: Handoff[]
  /** User messages from handoffs that have not come yet, oldest first. */
  readonly delegated: Delegated[]
  /** User messages that were linked already, because each comes with its start and again with its end. */
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

/** Forgets the links whose other side cannot come any more. */
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

/** Links a user message. Returns the id of the handoff that waits for it. Remembers the message where none waits. */
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

/** Links a handoff. Returns the turn of its user message if that came first. Else remembers the handoff. */
export const linkHandoff = (voice: Voice, id: string, text: string): string | undefined => {
  const delegated = takeFirst(voice.delegated, text)
  const waits = voice.handoffs.some((handoff) => handoff.id === id)
  if (delegated === undefined && !waits) voice.handoffs.push({ id, text })
  return delegated?.turnId
}
