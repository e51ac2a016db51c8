/** The turns that are read, to jump to: each by the first words of what was asked. */
import { useEffect, useRef, useState } from "react"
import { clock, fullTime, visible } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { Icon } from "../../shell/Icon.js"
import parts from "../../shell/Menu.module.css"
import type { ThreadStore } from "./ThreadStore.js"
import classes from "./TurnList.module.css"

interface ListProps {
  readonly store: ThreadStore
  readonly jump: (turnId: string) => void
}

/** The first line of a text, without the signs of Markdown at its start. */
const firstLine = (text: string): string =>
  (text.trim().split("\n", 1)[0] ?? "").replace(/^[#>*\-\s]+/, "").slice(0, 120)

export const TurnList = ({ jump, store }: ListProps) => {
  const { entries, older } = useValue(store.state)
  const [open, setOpen] = useState(false)
  const menu = useRef<HTMLDivElement>(null)
  // It opens at its end, as the transcript does.
  useEffect(() => {
    if (open) menu.current?.scrollTo(0, menu.current.scrollHeight)
  }, [open])
  /** What was asked in each turn, of those that are shown. */
  const asked = () => {
    const texts = new Map<string, string>()
    for (const { id, kind } of entries) {
      if (kind !== "item") continue
      const item = store.items.get(id)
      if (item?.kind === "user_message" && item.turnId !== null && !texts.has(item.turnId))
        texts.set(item.turnId, item.text ?? "")
    }
    return entries.flatMap(({ id, kind }) => {
      const turn = kind === "turn" ? store.turns.get(id) : undefined
      if (turn === undefined) return []
      return [{ id, at: turn.startedAt, rewound: turn.rewound, text: firstLine(turn.text ?? texts.get(id) ?? "") }]
    })
  }
  return (
    <>
      <button className={`${parts.button} ${classes.button}`} popoverTarget="turn-list" title="Turns" type="button">
        <Icon name="log" size={14} />
        Turns
      </button>
      <div
        className={`${parts.menu} ${classes.menu}`}
        id="turn-list"
        onToggle={(event) => setOpen(event.newState === "open")}
        popover="auto"
        ref={menu}
      >
        {open ? (
          <ol>
            {older ? (
              <li>
                <button className={classes.turn} onClick={store.readOlder} type="button">
                  <span className={classes.more}>Read older turns</span>
                </button>
              </li>
            ) : null}
            {asked().map(({ at, id, rewound, text }) => (
              <li key={id}>
                <button
                  className={classes.turn}
                  data-rewound={rewound}
                  onClick={() => {
                    jump(id)
                    menu.current?.hidePopover()
                  }}
                  type="button"
                >
                  {at === null ? null : <time title={fullTime(at)}>{clock(at)}</time>}
                  <span className={classes.text}>{visible(text) || "without a message"}</span>
                </button>
              </li>
            ))}
          </ol>
        ) : null}
      </div>
    </>
  )
}
