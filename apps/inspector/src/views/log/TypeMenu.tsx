/** Which types of events the log shows: each can be left out, or shown alone. How many there are of each is asked when it opens. */
import type { Stats } from "@threadfold/contracts"
import { useState } from "react"
import { entryOf } from "../../format/format.js"
import { Icon } from "../../shell/Icon.js"
import parts from "../../shell/Menu.module.css"
import { usePage } from "../../shell/PageContext.js"
import { type LogFilter, onlyType, showsType, withType } from "./logAddress.js"
import classes from "./TypeMenu.module.css"

interface MenuProps {
  readonly filter: LogFilter
  readonly setFilter: (filter: LogFilter) => void
}

export const TypeMenu = ({ filter, setFilter }: MenuProps) => {
  const { api } = usePage()
  const [counts, setCounts] = useState<Readonly<Record<string, number>>>({})
  const [problem, setProblem] = useState(false)
  const read = () =>
    api
      .get<Stats>("/v1/stats", { byType: true })
      .then(({ byType }) => {
        setProblem(false)
        setCounts(byType ?? {})
      })
      .catch(() => setProblem(true))
  const types = [...new Set([...Object.keys(counts), ...filter.types, ...filter.except])].sort()
  const chosen = filter.types.length + filter.except.length
  const label =
    filter.types.length > 0
      ? `Types: ${filter.types.length}`
      : filter.except.length > 0
        ? `Types: all but ${filter.except.length}`
        : "Types"
  return (
    <>
      <button
        className={`${parts.button} ${classes.button}`}
        data-on={chosen > 0}
        popoverTarget="log-types"
        type="button"
      >
        {label}
        <Icon name="down" size={12} />
      </button>
      <div
        className={`${parts.menu} ${classes.menu}`}
        id="log-types"
        onToggle={(event) => {
          if (event.newState === "open") void read()
        }}
        popover="auto"
      >
        <div className={classes.head}>
          <span>Show events of</span>
          <button
            className={classes.small}
            disabled={chosen === 0}
            onClick={() => setFilter({ ...filter, types: [], except: [] })}
            type="button"
          >
            All types
          </button>
        </div>
        <ul>
          {types.map((type) => (
            <li className={classes.line} key={type}>
              <label className={classes.choice}>
                <input
                  checked={showsType(filter, type)}
                  onChange={(event) => setFilter(withType(filter, type, event.target.checked))}
                  type="checkbox"
                />
                <span className={classes.name}>{type}</span>
                <span className={classes.count}>{entryOf(counts, type)?.toLocaleString("en")}</span>
              </label>
              <button
                aria-label={`Only ${type}`}
                className={classes.small}
                onClick={() => setFilter(onlyType(filter, type))}
                type="button"
              >
                Only
              </button>
            </li>
          ))}
        </ul>
        {problem ? <p className={classes.problem}>The types could not be read.</p> : null}
      </div>
    </>
  )
}
