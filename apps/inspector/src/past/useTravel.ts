/** The past of the thread that is shown, with the moments in the address, so that they can be shared. */
import { useEffect, useMemo, useRef } from "react"
import { useSearchParams } from "wouter"
import { searchNow } from "../bundle/hashAddress.js"
import { useValue } from "../live/KeyedStore.js"
import { usePage } from "../shell/PageContext.js"
import { momentsOf, withMoments } from "./scrubber.js"
import { Travel } from "./Travel.js"

/** Browsers refuse an address that changes many times a second. */
const addressPauseMs = 250

/** `threadId`: of the address. */
export const useTravel = (threadId: string): Travel => {
  const { api, feed } = usePage()
  const [params, setParams] = useSearchParams()
  const said = params.toString()
  const travel = useMemo(() => {
    const made = new Travel(api, feed, threadId)
    made.state.set({ ...made.state.get(), ...momentsOf(new URLSearchParams(searchNow())) })
    return made
  }, [api, feed, threadId])
  const { at, to } = useValue(travel.state)
  /** What this hook has written: an address that it did not write is somebody's wish. */
  const written = useRef(said)

  useEffect(() => {
    if (travel.state.get().at !== null) travel.show()
    return () => travel.close()
  }, [travel])

  useEffect(() => {
    if (said === written.current) return
    written.current = said
    travel.act({ kind: "address", ...momentsOf(new URLSearchParams(said)) })
  }, [said, travel])

  const writer = useRef({ setParams })
  writer.current = { setParams }
  useEffect(() => {
    const timer = setTimeout(() => {
      const now = new URLSearchParams(searchNow())
      const next = withMoments(now, { at, to })
      if (next.toString() === now.toString()) return
      written.current = next.toString()
      writer.current.setParams(next, { replace: true })
    }, addressPauseMs)
    return () => clearTimeout(timer)
  }, [at, to])

  return travel
}
