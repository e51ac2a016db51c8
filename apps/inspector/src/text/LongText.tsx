/** The rest of a text that is too long to ride along: read by range, a part at a time, when a person asks for it. */
import type { Cut, TextRange } from "@threadfold/contracts"
import { type ReactNode, useState } from "react"
import { asProblem } from "../api/PageProblem.js"
import { bytes } from "../format/format.js"
import { usePage } from "../shell/PageContext.js"
import classes from "./LongText.module.css"

const partBytes = 256 * 1024

interface Rest {
  /** The text so far; null: nothing was asked for. */
  readonly text: string | null
  readonly next: number | null
  readonly state: "idle" | "reading"
  readonly problem: string | null
}

const begun: Rest = { text: null, next: 0, state: "idle", problem: null }

interface LongTextProps {
  /** Its beginning. */
  readonly text: string
  /** Where the whole is; absent: this is all of it. */
  readonly cut: Cut | undefined
  readonly show: (text: string) => ReactNode
}

export const LongText = ({ cut, show, text }: LongTextProps) => {
  const { api } = usePage()
  const [rest, setRest] = useState<Rest>(begun)
  if (cut === undefined) return show(text)
  const readOn = async () => {
    setRest({ ...rest, state: "reading", problem: null })
    try {
      const range = await api.get<TextRange>(cut.href, { offset: rest.next ?? 0, limit: partBytes })
      setRest({ text: (rest.text ?? "") + (range.text ?? ""), next: range.next, state: "idle", problem: null })
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
