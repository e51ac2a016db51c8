/** A call about a voice conversation. It is sent once: a second start would replace the first one, and a second text be said twice. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react"
import { asProblem, type PageProblem, problemOf } from "../../../api/PageProblem.js"
import { announce, usePage } from "../../../shell/PageContext.js"

export interface VoiceCall {
  /** Resolves to the answer; null: it was refused, or another one is on its way. */
  readonly give: (path: string, body: object | undefined) => Promise<unknown>
  readonly busy: boolean
  /** Why the last one was refused; null: it was not. */
  readonly problem: PageProblem | null
}

export const useVoiceCall = (): VoiceCall => {
  const { api } = usePage()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<PageProblem | null>(null)
  const running = useRef(false)
  const give: VoiceCall["give"] = useCallback(
    async (path, body) => {
      if (running.current) return null
      running.current = true
      setBusy(true)
      setProblem(null)
      try {
        const answer = await api.fetch(path, {
          method: "POST",
          ...(body === undefined
            ? {}
            : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
        })
        if (!answer.ok) throw await problemOf(answer)
        return await answer.json()
      } catch (error) {
        const failed = asProblem(error)
        setProblem(failed)
        announce(failed.message)
        return null
      } finally {
        running.current = false
        setBusy(false)
      }
    },
    [api],
  )
  return { give, busy, problem }
}

/** Gives a field that comes to be the focus, where none has it or the focus is in the same panel: not where a person writes elsewhere. */
export const useFirstFocus = (field: RefObject<HTMLElement | null>): void => {
  useEffect(() => {
    const { activeElement, body } = document
    const panel = field.current?.closest("section")
    if (activeElement === body || panel?.contains(activeElement) === true) field.current?.focus()
  }, [field])
}
