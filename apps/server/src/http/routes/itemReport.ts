/** An item with who decided about it and why, and the pages on the web that it names. */
import { type ItemDecision, type ItemReport, longestPageBytes } from "@threadfold/contracts"
import { beginningOf, fitting } from "@threadfold/core/model"
import type { FoundItem } from "@threadfold/projections"
import { linksIn, queriesIn, refusalOfItem, reviewIn } from "@threadfold/providers"

/** Longest reason, query and title, bytes. */
const reasonBytes = 4_096
const wordBytes = 512
/** All links together, bytes: the item has three quarters of a page. */
const linkBytes = longestPageBytes / 8

const cut = (text: string | null): string | null => (text === null ? null : beginningOf(text, reasonBytes))

/** What a person wrote beside a decision. */
const saidWith = (answer: unknown): string | null => {
  const data = typeof answer === "object" && answer !== null ? Reflect.get(answer, "data") : null
  const message = typeof data === "object" && data !== null ? Reflect.get(data, "message") : null
  return typeof message === "string" && message !== "" ? message : null
}

const decisionOf = ({ data, item, request }: FoundItem): ItemDecision | null => {
  const review = reviewIn(data)
  const isDeclined = item.status === "declined"
  if (review === null && request === null && !isDeclined) return null
  const told = isDeclined ? (refusalOfItem(data) ?? item.text) : null
  return {
    decision: request?.decision ?? review?.decision ?? (isDeclined ? "declined" : null),
    by: request !== null ? request.decidedBy : review !== null ? "review" : "agent",
    reason: cut(saidWith(request?.answer) ?? review?.reason ?? told),
    risk: review?.risk ?? null,
    requestId: request?.requestId ?? null,
  }
}

const linksOf = ({ data }: FoundItem) => {
  const links = linksIn(data)
    .filter(({ url }) => url.length <= wordBytes)
    .map(({ title, url }) => ({ url, title: title === null ? null : beginningOf(title, wordBytes) }))
  return links.slice(0, fitting(links, linkBytes))
}

/** The report of an item. */
export const itemReport = (found: FoundItem): ItemReport => ({
  sequence: found.sequence,
  item: found.item,
  decision: decisionOf(found),
  queries:
    found.item.kind === "web_search"
      ? queriesIn(found.data)
          .slice(0, 10)
          .map((query) => beginningOf(query, wordBytes))
      : [],
  links: linksOf(found),
})
