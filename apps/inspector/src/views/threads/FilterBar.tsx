/** Search and filters of the list of threads. What is chosen is in the address, so that a list can be kept and sent. */
import type { AgentList } from "@threadfold/contracts/api"
import { type RefObject, useEffect, useRef, useState } from "react"
import { Icon } from "../../shell/Icon.js"
import parts from "../../shell/Menu.module.css"
import { usePage } from "../../shell/PageContext.js"
import { StatusMark } from "../../shell/StatusMark.js"
import classes from "./FilterBar.module.css"
import { statuses, type ThreadFilter } from "./threadRows.js"

interface BarProps {
  readonly filter: ThreadFilter
  readonly setFilter: (filter: ThreadFilter) => void
  readonly search: RefObject<HTMLInputElement | null>
}

/** How long a person pauses before what was written is searched for, ms. */
const writingMs = 180

const toggled = <A,>(list: readonly A[], one: A): readonly A[] =>
  list.includes(one) ? list.filter((other) => other !== one) : [...list, one]

/** Names of the agents that are configured. */
const useAgents = (): readonly string[] => {
  const { api } = usePage()
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    const ends = new AbortController()
    api
      .get<typeof AgentList.Type>("/v1/agents", {}, { signal: ends.signal })
      .then(({ items }) => setNames(items.map(({ name }) => name)))
      // Without the names the list is still there.
      .catch(() => undefined)
    return () => ends.abort()
  }, [api])
  return names
}

const Search = ({ filter, search, setFilter }: BarProps) => {
  const [text, setText] = useState(filter.text)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // The address may change by other ways than this field.
  useEffect(() => setText(filter.text), [filter.text])
  useEffect(() => () => clearTimeout(timer.current), [])
  const write = (next: string) => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setFilter({ ...filter, text: next }), writingMs)
  }
  return (
    <label className={classes.search}>
      <Icon className={classes.searchSign} name="search" size={14} />
      <input
        aria-label="Search in titles"
        className={classes.field}
        onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return
          if (text === "") event.currentTarget.blur()
          else write("")
        }}
        placeholder="Search titles"
        ref={search}
        spellCheck={false}
        type="search"
        value={text}
      />
      <kbd className={classes.hint}>/</kbd>
    </label>
  )
}

export const FilterBar = ({ filter, search, setFilter }: BarProps) => {
  const agents = useAgents()
  const chosen = filter.status.length
  return (
    <div className={classes.bar}>
      <Search filter={filter} search={search} setFilter={setFilter} />
      <button
        className={`${parts.button} ${classes.status}`}
        data-on={chosen > 0}
        popoverTarget="thread-status"
        type="button"
      >
        Status{chosen === 0 ? "" : `: ${chosen}`}
        <Icon name="down" size={12} />
      </button>
      <div className={`${parts.menu} ${classes.menu}`} id="thread-status" popover="auto">
        <fieldset className={classes.choices}>
          <legend className={classes.legend}>Only threads that are</legend>
          {statuses.map((status) => (
            <label className={classes.choice} key={status}>
              <input
                checked={filter.status.includes(status)}
                onChange={() => setFilter({ ...filter, status: toggled(filter.status, status) })}
                type="checkbox"
              />
              <StatusMark named status={status} />
            </label>
          ))}
        </fieldset>
      </div>
      {agents.length === 0 && filter.agent.length === 0 ? null : (
        <select
          aria-label="Agent"
          className={parts.button}
          data-on={filter.agent.length > 0}
          onChange={(event) => setFilter({ ...filter, agent: event.target.value === "" ? [] : [event.target.value] })}
          value={filter.agent[0] ?? ""}
        >
          <option value="">All agents</option>
          {[...new Set([...agents, ...filter.agent])].map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <button
        aria-pressed={filter.archived}
        className={parts.button}
        data-on={filter.archived}
        onClick={() => setFilter({ ...filter, archived: !filter.archived })}
        type="button"
      >
        <Icon name="archive" size={14} />
        Archived
      </button>
    </div>
  )
}
