import { describe, expect, it } from "vitest"
import { linksIn, queriesIn, refusalIn, reviewIn } from "./itemFacts.js"

describe("what the data of an item says", () => {
  it("is the agent's own review, where there was one", () => {
    const review = { status: "denied", riskLevel: "high", rationale: "The network target is not permitted." }
    expect(reviewIn({ command: "curl", review })).toEqual({
      decision: "denied",
      reason: "The network target is not permitted.",
      risk: "high",
    })
    expect([reviewIn({}), reviewIn(null), reviewIn({ review: "no" })]).toEqual([null, null, null])
  })

  it("is what the agent was told when it was not allowed to go on", () => {
    expect(refusalIn({ input: {}, result: "The user does not want this." })).toBe("The user does not want this.")
    expect(refusalIn({ rawOutput: "rejected" })).toBe("rejected")
    expect([refusalIn({ result: {} }), refusalIn([]), refusalIn(undefined)]).toEqual([null, null, null])
  })

  it("is what a web search looked for, and the pages that it found or opened", () => {
    const codex = { query: "effect", action: { type: "search", query: "effect", queries: ["effect", "effect ts"] } }
    expect(queriesIn(codex)).toEqual(["effect", "effect ts"])
    expect(linksIn({ action: { type: "openPage", url: "https://effect.website" } })).toEqual([
      { url: "https://effect.website", title: null },
    ])
    const text =
      'Web search results for query: "x"\n\nLinks: [{"title":"X","url":"https://x.org/"},{"title":"Y","url":"http://y.org"}]\n\nWords.'
    const claude = { input: { query: "x" }, result: text }
    expect([queriesIn(claude), linksIn(claude)]).toEqual([
      ["x"],
      [
        { url: "https://x.org/", title: "X" },
        { url: "http://y.org", title: "Y" },
      ],
    ])
  })

  it("is what a message cites, each page once, and nothing that is no address", () => {
    const citation = { type: "web_search_result_location", url: "https://a.org", title: "A", cited_text: "…" }
    expect(linksIn({ content: [{ citations: [citation, citation] }, { url: "file:///etc" }, { url: 1 }] })).toEqual([
      { url: "https://a.org", title: "A" },
    ])
    expect(linksIn({ result: "Links: [broken" })).toEqual([])
    const many = Array.from({ length: 500 }, (_, at) => ({ url: `https://a.org/${at}` }))
    expect(linksIn({ many })).toHaveLength(100)
  })
})
