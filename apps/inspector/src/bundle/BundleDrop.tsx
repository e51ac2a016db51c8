/** Opens the bundle that is dropped on the page, says how that goes, and why one is not opened. */
import { type ReactNode, useEffect, useRef, useState } from "react"
import { visible } from "../format/format.js"
import { useValue } from "../live/KeyedStore.js"
import { useCommands } from "../shell/commands.js"
import { Icon } from "../shell/Icon.js"
import { withCode } from "../shell/Notice.js"
import { announce } from "../shell/PageContext.js"
import classes from "./BundleDrop.module.css"
import { bundles, chooseBundle } from "./Bundles.js"

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true

/** Whether a file is dragged over the page. What a part of the page takes by itself is left to it. */
const useDrop = (): boolean => {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const ends = new AbortController()
    const { signal } = ends
    const over = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      setOver(!event.defaultPrevented)
      event.preventDefault()
    }
    const leave = (event: DragEvent) => {
      // Between two parts of the page there is one to go to.
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      setOver(false)
      if (!holdsFiles(event) || event.defaultPrevented) return
      event.preventDefault()
      const [file] = event.dataTransfer?.files ?? []
      if (file !== undefined) void bundles.open(file.name, file)
    }
    addEventListener("dragover", over, { signal })
    addEventListener("dragleave", leave, { signal })
    addEventListener("drop", drop, { signal })
    return () => ends.abort()
  }, [])
  return isOver
}

/** A dialog that is open while it is shown. */
const Dialog = ({ children, close, label }: { children: ReactNode; close: () => void; label: string }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal()
  }, [])
  return (
    <dialog aria-label={label} className={classes.dialog} data-testid="bundle-dialog" onClose={close} ref={dialog}>
      {children}
    </dialog>
  )
}

export const BundleDrop = () => {
  const isOver = useDrop()
  const { opening, refused, shown } = useValue(bundles.state)
  useCommands([
    { id: "bundle.open", title: "Open a bundle", group: "Everywhere", keys: ["g o"], run: chooseBundle },
    {
      id: "bundle.close",
      title: "Close the bundle",
      group: "Everywhere",
      keys: [],
      enabled: shown !== null && bundles.canClose,
      run: bundles.close,
    },
  ])
  useEffect(() => {
    if (refused !== null) announce(refused.problem.message)
  }, [refused])
  useEffect(() => {
    if (shown?.bundle) announce(`${visible(shown.bundle.name)} is open.`)
  }, [shown])
  if (opening !== null) {
    return (
      <Dialog close={bundles.cancel} key="opening" label="Opening a bundle">
        <p className={classes.wait} role="status">
          Reading and checking {visible(opening)} …
        </p>
        <div className={classes.actions}>
          <button className={classes.button} onClick={bundles.cancel} type="button">
            Cancel
          </button>
        </div>
      </Dialog>
    )
  }
  if (refused !== null) {
    const { detail, next, title } = refused.problem
    return (
      <Dialog close={bundles.forget} key="refused" label={title}>
        <h2 className={classes.title}>
          <Icon className={classes.sign} name="alert" size={20} />
          {title}
        </h2>
        <p className={classes.name}>{visible(refused.name)}</p>
        <p className={classes.text}>
          {visible(detail)} {withCode(next)}
        </p>
        <p className={classes.text}>Nothing of it was opened.</p>
        <div className={classes.actions}>
          <button className={classes.button} onClick={chooseBundle} type="button">
            Choose another file
          </button>
          <button className={classes.main} onClick={bundles.forget} type="button">
            Close
          </button>
        </div>
      </Dialog>
    )
  }
  return isOver ? (
    <div aria-hidden="true" className={classes.over} data-testid="bundle-over">
      <p className={classes.drop}>
        <Icon name="folder" size={20} />
        Drop a bundle to open it
      </p>
    </div>
  ) : null
}
