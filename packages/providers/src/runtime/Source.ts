/** Where a line stands while it is translated. Its text goes to the first event that it leads to. */
export interface Source {
  /** Time of the line, ms since the epoch. */
  readonly lineAt: number
  /** Time of its events: the message's own, where it says one. */
  readonly at: number
  readonly takeRaw: () => string | undefined
}

/** A source whose text can be taken once; without a text for what no line said. */
export const makeSource = (lineAt: number, at: number, raw?: string): Source => {
  let left = raw
  return {
    lineAt,
    at,
    takeRaw: () => {
      const text = left
      left = undefined
      return text
    },
  }
}
