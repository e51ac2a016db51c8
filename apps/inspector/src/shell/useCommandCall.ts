/** A command as a button gives it: one key for one press, busy until it is answered, and why it was refused. */
import type { Receipt } from "@threadfold/contracts"
import { useCallback, useRef, useState } from "react"
import { type Api, newKey } from "../api/Api.js"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import { announce, usePage } from "./PageContext.js"

type Method = "POST" | "PUT" | "PATCH" | "DELETE"

/** Calls of the server that are made one at a time. */
export interface Calls {
  /** Makes a call; resolves to its answer. Null: it failed, or another one is on its way. */
  readonly run: <A>(call: (api: Api) => Promise<A>) => Promise<A | null>
  readonly busy: boolean
  /** Why the last one failed; null: it did not. */
  readonly problem: PageProblem | null
  readonly forget: () => void
}

export const useCalls = (): Calls => {
  const { api } = usePage()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<PageProblem | null>(null)
  const running = useRef(false)
  const run: Calls["run"] = useCallback(
    async (call) => {
      if (running.current) return null
      running.current = true
      setBusy(true)
      setProblem(null)
      try {
        return await call(api)
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
  return { run, busy, problem, forget: useCallback(() => setProblem(null), []) }
}

export interface CommandCall extends Omit<Calls, "run"> {
  /** Gives a command; resolves to whether it was accepted. While one is on its way, another press does nothing. */
  readonly give: (path: string, body?: unknown, method?: Method) => Promise<boolean>
  /** The same, with the receipt; null: it was not accepted. */
  readonly ask: (path: string, body?: unknown, method?: Method) => Promise<Receipt | null>
}

/** How often a command whose answer was lost is sent again, under the same key. */
const mostTries = 3
const againMs = 700

export const useCommandCall = (): CommandCall => {
  const { run, ...state } = useCalls()
  const ask: CommandCall["ask"] = useCallback(
    (path, body, method = "POST") => {
      const key = newKey()
      return run(async (api) => {
        for (let tries = 1; ; tries += 1) {
          try {
            return await api.command<Receipt>(path, body, { key, method })
          } catch (error) {
            if (!asProblem(error).mayPass || tries === mostTries) throw error
            await new Promise((done) => setTimeout(done, againMs * tries))
          }
        }
      })
    },
    [run],
  )
  const give: CommandCall["give"] = useCallback(async (...call) => (await ask(...call)) !== null, [ask])
  return { ...state, give, ask }
}
