/** What the user says to a running conversation: an iterable that stays open until the conversation is over. */

export interface Prompt {
  readonly push: (message: unknown) => void
  /** Nothing more is said. */
  readonly end: () => void
  /** One reader. */
  readonly messages: AsyncIterable<unknown>
}

export const makePrompt = (): Prompt => {
  const said: unknown[] = []
  let isOver = false
  let wake: () => void = () => {}
  async function* messages() {
    for (;;) {
      while (said.length > 0) yield said.shift()
      if (isOver) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    push: (message) => {
      said.push(message)
      wake()
    },
    end: () => {
      isOver = true
      wake()
    },
    messages: messages(),
  }
}
