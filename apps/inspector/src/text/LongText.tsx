/** The rest of a text that is too long to ride along: read by range, a part at a time, when a person asks for it. */
import type { Cut, TextRange } from "@threadfold/contracts"
import { type ReactNode, useState } from "react"
import { asProblem } from "../api/PageProblem.js"
import { bytes } from "../format/format.js"
import { usePage } from "../shell/PageContext.js"
import classes from "./LongText.module.css"

/** Most that one call gives. */
const partBytes = 64 * 1024
/** Parts that are read for one press. */
const partsAtOnce = 16

interface Rest {
  /** The text so far; null: nothing was asked for. */
  readonly text: string | null
  readonly next: number | null
  readonly state: "idle" | "reading"
  readonly problem: string | null
}

const begun: Rest = { text: null, next: 0, state: "idle", problem: null }

/** What was read, the newest last: a row that is scrolled out of sight and back has it still. */
const kept = new Map<string, Rest>()
const mostKept = 12

const keep = (key: string, rest: Rest): void => {
  kept.delete(key)
  kept.set(key, rest)
  const oldest = kept.keys().next()
  if (kept.size > mostKept && oldest.done !== true) kept.delete(oldest.value)
}

interface LongTextProps {
  /** Its beginning. */
  readonly text: string
  /** Where the whole is; absent: this is all of it. */
  readonly cut: Cut | undefined
  readonly show: (text: string) => ReactNode
}

export const LongText = ({ cut, show, text }: LongTextProps) => {
  const { api } = usePage()
  const key = cut === undefined ? "" : `${cut.href} ${cut.bytes}`
  const [rest, setRest] = useState<Rest>(() => kept.get(key) ?? begun)
  if (cut === undefined) return show(text)
  const readOn = async () => {
    setRest({ ...rest, state: "reading", problem: null })
    let text = rest.text ?? ""
    let next = rest.next
    try {
      for (let parts = 0; parts < partsAtOnce && next !== null; parts += 1) {
        const range: TextRange = await api.get(cut.href, { offset: next, limit: partBytes })
        text += range.text ?? ""
        next = range.next
      }
      const read: Rest = { text, next, state: "idle", problem: null }
      keep(key, read)
      setRest(read)
    } catch (error) {
      setRest({ ...rest, state: "idle", problem: asProblem(error).message })
    }
  }
  const shown = rest.text ?? text
  return (
    <>
      {show(shown)}
      {rest.text !== null && rest.next === null ? null : (
        <p className={classes.rest}>
          <button className={classes.more} disabled={rest.state === "reading"} onClick={readOn} type="button">
            {rest.state === "reading" ? "Reading …" : rest.text === null ? "Read the whole text" : "Read on"}
          </button>
          <span>
            {rest.text === null
              ? `only its beginning is here, of ${bytes(cut.bytes)}`
              : `${bytes(rest.next ?? 0)} of ${bytes(cut.bytes)}`}
          </span>
          {rest.problem === null ? null : (
            <span className={classes.problem} role="alert">
              {rest.problem}
            </span>
          )}
        </p>
      )}
    </>
  )
}
