/** For tests that compute for long: lets the runner hear from its worker, which it takes for dead after a minute. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
