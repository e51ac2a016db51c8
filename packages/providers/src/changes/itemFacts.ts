/**
 * What the data of an item says beside its text: why an agent declined it, what its own review found, and the pages on the web that it
 * names. Each agent tells it in words of its own; what is not there is null, or nothing.
 */
import { type Fields, hintFields, hintText, hintTexts, isFields } from "../runtime/readFields.js"

/** An agent's own review of what it was about to do. */
export interface Review {
  readonly decision: string | null
  readonly reason: string | null
  readonly risk: string | null
}

/** The review of an item; null: there was none. */
export const reviewIn = (data: unknown): Review | null => {
  const review = isFields(data) ? hintFields(data, "review") : undefined
  if (review === undefined) return null
  return {
    decision: hintText(review, "status") ?? null,
    reason: hintText(review, "rationale") ?? null,
    risk: hintText(review, "riskLevel") ?? null,
  }
}

/** What the agent was told in the place of a result, when it was not allowed to go on; null: that is not known. */
export const refusalIn = (data: unknown): string | null => {
  if (!isFields(data)) return null
  const said = [data.result, data.rawOutput, hintFields(data, "error")?.message].find(
    (one) => typeof one === "string" && one !== "",
  )
  return typeof said === "string" ? said : null
}

/** What a web search looked for. */
export const queriesIn = (data: unknown): readonly string[] => {
  if (!isFields(data)) return []
  const places = ["action", "input", "rawInput"].flatMap((name): readonly Fields[] => {
    const place = hintFields(data, name)
    return place === undefined ? [] : [place]
  })
  const found = [data, ...places].flatMap((place) => [hintText(place, "query"), ...hintTexts(place, "queries")])
  return [...new Set(found.filter((query) => query !== undefined))]
}

/** A page that data names. */
export interface Link {
  readonly url: string
  readonly title: string | null
}

/** Values that are looked at, and links that are found, at most. */
const mostValues = 20_000
const mostLinks = 100

/** Claude tells what a search found as text, with the pages as JSON in one line. */
const listedPages = /^Links: (\[.*\])$/m

const pagesIn = (text: string): unknown => {
  const [, list] = listedPages.exec(text) ?? []
  if (list === undefined) return null
  try {
    const pages: unknown = JSON.parse(list)
    return pages
  } catch {
    return null
  }
}

/** The pages on the web that data names, each once, in order: every object with an address. */
export const linksIn = (data: unknown): readonly Link[] => {
  const found = new Map<string, Link>()
  const waiting: unknown[] = [data]
  for (let looked = 0; waiting.length > 0 && looked < mostValues && found.size < mostLinks; looked++) {
    const value = waiting.pop()
    if (typeof value === "string") waiting.push(pagesIn(value))
    else if (Array.isArray(value)) for (let at = value.length - 1; at >= 0; at--) waiting.push(value[at])
    else if (isFields(value)) {
      const url = [value.url, value.uri].find((one) => typeof one === "string" && /^https?:\/\//.test(one))
      if (typeof url === "string" && !found.has(url)) found.set(url, { url, title: hintText(value, "title") ?? null })
      for (const member of Object.values(value).reverse())
        if (typeof member === "object" || typeof member === "string") waiting.push(member)
    }
  }
  return [...found.values()]
}
