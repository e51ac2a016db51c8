/** A diff as a table of lines. Long ones show their beginning until a person asks for the rest. */

import { memo, useMemo, useState } from "react"
import { visible } from "../format/format.js"
import classes from "./DiffTable.module.css"
import { type FileDiffLines, readDiff } from "./diffLines.js"
import { ScrollBox } from "./ScrollBox.js"

/** Lines that are shown at first. */
const shownFirst = 200
const signs = { added: "+", removed: "−", same: "", hunk: "", note: "" } as const
const spoken = { added: "added", removed: "removed", same: undefined, hunk: undefined, note: undefined } as const

/** `+12 −4`. */
export const DiffCounts = ({ additions, deletions }: { additions: number | null; deletions: number | null }) => (
  <span className={classes.counts}>
    {additions === null ? null : <span className={classes.added}>+{additions}</span>}
    {deletions === null ? null : <span className={classes.removed}>−{deletions}</span>}
  </span>
)

const FileTable = ({ file, name }: { file: FileDiffLines; name: boolean }) => {
  const [whole, setWhole] = useState(false)
  const lines = whole ? file.lines : file.lines.slice(0, shownFirst)
  return (
    <figure className={classes.file}>
      {name && file.path !== "" ? (
        <figcaption className={classes.name}>
          {visible(file.path)} <DiffCounts additions={file.additions} deletions={file.deletions} />
        </figcaption>
      ) : null}
      <ScrollBox className={classes.scroller} label={file.path === "" ? "Changes" : `Changes of ${visible(file.path)}`}>
        <table className={classes.table}>
          <tbody>
            {lines.map(({ after, before, kind, text }, index) => (
              // A line has no identity but its place.
              <tr className={classes.line} data-kind={kind} key={String(index)}>
                <td className={classes.number}>{before}</td>
                <td className={classes.number}>{after}</td>
                <td aria-label={spoken[kind]} className={classes.sign}>
                  {signs[kind]}
                </td>
                <td className={classes.code}>{text === "" ? "\u00a0" : visible(text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {lines.length < file.lines.length ? (
        <button className={classes.more} onClick={() => setWhole(true)} type="button">
          Show {file.lines.length - lines.length} more lines
        </button>
      ) : null}
    </figure>
  )
}

export const DiffTable = memo(({ diff, names = true }: { diff: string; names?: boolean }) => {
  const files = useMemo(() => readDiff(diff), [diff])
  return (
    <div className={classes.files}>
      {files.map((file, index) => (
        <FileTable file={file} key={`${index} ${file.path}`} name={names} />
      ))}
    </div>
  )
})
