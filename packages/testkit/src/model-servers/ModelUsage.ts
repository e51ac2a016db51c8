/** Token counts that a mock model reports, in the orchestrator's terms: the input includes what was cached. */
export interface ModelUsage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** What a step reports unless it says otherwise: four different numbers, so that a test sees which went where. */
export const defaultUsage: ModelUsage = {
  inputTokens: 120,
  cachedInputTokens: 20,
  outputTokens: 30,
  reasoningTokens: 5,
}
