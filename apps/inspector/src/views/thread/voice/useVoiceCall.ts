/** A call about a voice conversation. It is sent once: a second start would replace the first one, and a second text be said twice. */
import { type RefObject, useCallback, useEffect } from "react"
import { problemOf } from "../../../api/PageProblem.js"
import { type Calls, useCalls } from "../../../shell/useCommandCall.js"

export interface VoiceCall extends Pick<Calls, "busy" | "problem"> {
  /** Resolves to the answer; null: it was refused, or another one is on its way. */
  readonly give: (path: string, body: object | undefined) => Promise<unknown>
}

export const useVoiceCall = (): VoiceCall => {
  const { busy, problem, run } = useCalls()
  const give: VoiceCall["give"] = useCallback(
    (path, body) =>
      run(async (api) => {
        const answer = await api.fetch(path, {
          method: "POST",
          ...(body === undefined
            ? {}
            : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
        })
        if (!answer.ok) throw await problemOf(answer)
        return await answer.json()
      }),
    [run],
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
