/** What is kept of an agent's list: the program may say megabytes of it, and an answer is one page. */
import type { AgentAccount, AgentListName } from "@threadfold/contracts"
import type { ListOf } from "@threadfold/providers"

/** Bytes of JSON that a list may have: it fits on a page with what stands around it. */
const mostBytes = 192 * 1024

/** Bytes of JSON that one entry may have beside its `native`. */
const mostOfEntry = 16 * 1024

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "")

const withoutNative = <E extends { readonly native: unknown }>(entry: E): E => ({ ...entry, native: null })

/**
 * The entries in their order, as far as they fit. What the agent says in its own words goes first, of all entries, so that each
 * looks alike; then entries that are too long by themselves, and those at the end.
 */
const entries = <E extends { readonly native: unknown }>(all: readonly E[]): readonly E[] => {
  if (bytesOf(all) <= mostBytes) return all
  const kept: E[] = []
  let bytes = 0
  for (const entry of all) {
    const short = withoutNative(entry)
    const own = bytesOf(short) + 1
    if (own > mostOfEntry) continue
    if (bytes + own > mostBytes) break
    kept.push(short)
    bytes += own
  }
  return kept
}

/** The account: without the agent's own words where these are too long, and without its texts where they are. */
const account = (said: AgentAccount): AgentAccount => {
  if (bytesOf(said) <= mostBytes) return said
  const short = withoutNative(said)
  if (bytesOf(short) <= mostBytes) return short
  return { ...short, kind: null, email: null, plan: null, organization: null, ways: [] }
}

/** Each list as it is kept, with at most 192 KiB of JSON. */
export const boundedLists: { readonly [N in AgentListName]: (said: ListOf[N]) => ListOf[N] } = {
  models: entries,
  commands: entries,
  skills: entries,
  account,
  mcp: entries,
  limits: entries,
}

/** How many entries of a list were left out. */
export const leftOut = (said: unknown, kept: unknown): number =>
  Array.isArray(said) && Array.isArray(kept) ? said.length - kept.length : 0
