/** A command as a button gives it: one key for one press, busy until it is answered, and why it was refused. */
import type { Receipt } from "@threadfold/contracts"
import { useCallback, useRef, useState } from "react"
import { newKey } from "../api/Api.js"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import { announce, usePage } from "./PageContext.js"

type Method = "POST" | "PUT" | "PATCH" | "DELETE"

export interface CommandCall {
  /** Gives a command; resolves to whether it was accepted. While one is on its way, another press does nothing. */
  readonly give: (path: string, body?: unknown, method?: Method) => Promise<boolean>
  /** The same, with the receipt; null: it was not accepted. */
  readonly ask: (path: string, body?: unknown, method?: Method) => Promise<Receipt | null>
  readonly busy: boolean
  /** Why the last one was refused; null: it was not. */
  readonly problem: PageProblem | null
  readonly forget: () => void
}

/** How often a command whose answer was lost is sent again, under the same key. */
const mostTries = 3
const againMs = 700

export const useCommandCall = (): CommandCall => {
  const { api } = usePage()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<PageProblem | null>(null)
  const running = useRef(false)
  const ask: CommandCall["ask"] = useCallback(
    async (path, body, method = "POST") => {
      if (running.current) return null
      running.current = true
      setBusy(true)
      setProblem(null)
      const key = newKey()
      try {
        for (let tries = 1; ; tries += 1) {
          try {
            return await api.command<Receipt>(path, body, { key, method })
          } catch (error) {
            const failed = asProblem(error)
            if (failed.mayPass && tries < mostTries) await new Promise((done) => setTimeout(done, againMs * tries))
            else {
              setProblem(failed)
              announce(failed.message)
              return null
            }
          }
        }
      } finally {
        running.current = false
        setBusy(false)
      }
    },
    [api],
  )
  const give: CommandCall["give"] = useCallback(async (...call) => (await ask(...call)) !== null, [ask])
  return { give, ask, busy, problem, forget: useCallback(() => setProblem(null), []) }
}
