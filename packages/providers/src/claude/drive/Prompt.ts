/** The user's messages for a running conversation, as an iterable that stays open until the conversation is over. */

export interface Prompt {
  readonly push: (message: unknown) => void
  /** Ends the messages. */
  readonly end: () => void
  /** For one reader. */
  readonly messages: AsyncIterable<unknown>
}

export const makePrompt = (): Prompt => {
  const pending: unknown[] = []
  let isOver = false
  let wake: () => void = () => {}
  async function* messages() {
    for (;;) {
      while (pending.length > 0) yield pending.shift()
      if (isOver) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    push: (message) => {
      pending.push(message)
      wake()
    },
    end: () => {
      isOver = true
      wake()
    },
    messages: messages(),
  }
}
