/** What the engine adds to a payload: our ids of the threads that an event names natively. */
import type { EventType } from "@threadfold/contracts"

/** Type → native field → the field of ours beside it. */
const links: { readonly [T in EventType]?: Readonly<Record<string, string>> } = {
  "thread.started": {
    parentNativeThreadId: "parentThreadId",
    forkedFromNativeThreadId: "forkedFromThreadId",
  },
  "thread.metadata.updated": { parentNativeThreadId: "parentThreadId" },
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const linksOf = (type: string): Readonly<Record<string, string>> | undefined =>
  type === "thread.started" || type === "thread.metadata.updated" ? links[type] : undefined

/** Whether events of a type are enriched at all. */
export const isEnriched = (type: string): boolean => linksOf(type) !== undefined

/** The payload with our ids filled in where they are known. */
export const enrich = (
  type: string,
  payload: unknown,
  threadOf: (nativeThreadId: string) => string | null,
): unknown => {
  const fields = linksOf(type)
  if (fields === undefined || !isRecord(payload)) return payload
  const added: Record<string, string> = {}
  for (const [native, ours] of Object.entries(fields)) {
    const nativeId = payload[native]
    const threadId = typeof nativeId === "string" ? threadOf(nativeId) : null
    if (threadId !== null) added[ours] = threadId
  }
  return { ...payload, ...added }
}

/**
 * The payload without ids of ours: a source does not know them, and a value in their place must not link its thread to another
 * one. The payload itself where there are none.
 */
export const withoutOurs = (type: string, payload: unknown): unknown => {
  const fields = linksOf(type)
  if (fields === undefined || !isRecord(payload)) return payload
  const ours = new Set(Object.values(fields))
  if (!Object.keys(payload).some((name) => ours.has(name))) return payload
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !ours.has(name)))
}

/** The JSON of a stored payload as its source had sent it: what a repeated delivery is compared with. */
export const withoutEnrichment = (type: string, payloadJson: string): string => {
  if (!isEnriched(type)) return payloadJson
  return JSON.stringify(withoutOurs(type, JSON.parse(payloadJson)))
}
