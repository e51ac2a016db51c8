/** The list of all keys, opened by `?`. What is in it is what is registered now. */
import { useEffect, useRef } from "react"
import { useValue } from "../live/KeyedStore.js"
import { commands, keyCaps, type PageCommand } from "./commands.js"
import { Icon } from "./Icon.js"
import classes from "./KeyHelp.module.css"

/** Keys as caps: `Ctrl` `K`. */
export const Keys = ({ keys }: { keys: string }) => (
  <span className={classes.keys}>
    {keyCaps(keys).map((cap) => (
      <kbd className={classes.cap} key={cap}>
        {cap}
      </kbd>
    ))}
  </span>
)

const byGroup = (list: readonly PageCommand[]): ReadonlyMap<string, readonly PageCommand[]> => {
  const found = new Map<string, PageCommand[]>()
  for (const command of list) {
    if (command.keys.length === 0) continue
    const of = found.get(command.group) ?? []
    if (!of.some(({ id }) => id === command.id)) of.push(command)
    found.set(command.group, of)
  }
  return found
}

export const KeyHelp = ({ close, open }: { open: boolean; close: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useValue(commands)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <dialog aria-labelledby="key-help-title" className={classes.dialog} onClose={close} ref={dialog}>
      <header className={classes.header}>
        <h2 id="key-help-title">Keys</h2>
        <button aria-label="Close" className={classes.close} onClick={close} type="button">
          <Icon name="close" />
        </button>
      </header>
      <div className={classes.groups}>
        {open
          ? [...byGroup(list)].map(([group, of]) => (
              <section key={group}>
                <h3 className={classes.group}>{group}</h3>
                <dl className={classes.list}>
                  {of.map(({ id, keys, title }) => (
                    <div className={classes.line} key={id}>
                      <dt>{title}</dt>
                      <dd className={classes.ways}>
                        {keys.map((one) => (
                          <Keys key={one} keys={one} />
                        ))}
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))
          : null}
      </div>
    </dialog>
  )
}
