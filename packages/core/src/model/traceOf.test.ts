import { describe, expect, it } from "vitest"
import { costOf } from "./traceOf.js"

const prices = { m: { input: 2, cachedInput: 0.5, output: 10 }, plain: { input: 1, output: 1 } }

describe("the cost of a model call", () => {
  it.each([
    [{ inputTokens: 1_000_000, outputTokens: 100_000 }, "m", 3],
    [{ inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 0 }, "m", 1.4],
    // More cached tokens than input are a mistake of the source.
    [{ inputTokens: 10, cachedInputTokens: 20, outputTokens: 0 }, "m", 0.000005],
    [{ inputTokens: 500_000, cachedInputTokens: 500_000, outputTokens: 500_000 }, "plain", 1],
    [{ inputTokens: 1 }, "m", null],
    [null, "m", null],
    [{ inputTokens: 1, outputTokens: 1 }, "unknown", null],
    [{ inputTokens: 1, outputTokens: 1 }, "constructor", null],
    [{ inputTokens: 1, outputTokens: 1 }, null, null],
  ])("%j of %s costs %s", (usage, model, cost) => {
    const found = costOf(usage, model, prices)
    if (cost === null) expect(found).toBeNull()
    else expect(found).toBeCloseTo(cost, 9)
  })
})
