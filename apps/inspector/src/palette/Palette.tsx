/** One field for everything: threads, places by number or id, commands with their keys, and words in all that was said. */

import type { SearchText } from "@threadfold/contracts"
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react"
import { useLocation } from "wouter"
import { visible } from "../format/format.js"
import { useValue } from "../live/KeyedStore.js"
import { Ago } from "../live/timedTexts.js"
import { commands } from "../shell/commands.js"
import { Icon } from "../shell/Icon.js"
import { Keys } from "../shell/KeyHelp.js"
import { usePage } from "../shell/PageContext.js"
import { StatusMark } from "../shell/StatusMark.js"
import { nameOf } from "../views/threads/threadRows.js"
import classes from "./Palette.module.css"
import { commandsFor, PaletteSearch, piecesOf, placeOf } from "./PaletteSearch.js"

/** A line of the palette. */
interface Line {
  readonly key: string
  readonly content: ReactNode
  readonly run: () => void
}

interface Section {
  readonly title: string
  readonly lines: readonly Line[]
}

/** Commands that are shown beside other things; alone they are shown all. */
const mostCommands = 6

const Marked = ({ of: { matches, text } }: { of: SearchText }) => (
  <>
    {piecesOf(text, matches).map((piece, index) =>
      piece.matched ? (
        // A piece has no identity but its place.
        <mark className={classes.matched} key={String(index)}>
          {visible(piece.text)}
        </mark>
      ) : (
        visible(piece.text)
      ),
    )}
  </>
)

const useSections = (text: string, close: () => void): { readonly sections: readonly Section[]; loading: boolean } => {
  const services = usePage()
  const [, navigate] = useLocation()
  const search = useMemo(() => new PaletteSearch(services.api), [services])
  const { hits, jumps, loading, threads } = useValue(search.found)
  const registered = useValue(commands)
  useEffect(() => {
    search.search(text)
    return search.close
  }, [search, text])

  const onlyCommands = text.startsWith(">")
  const words = onlyCommands ? text.slice(1) : text
  const go = (href: string) => () => {
    close()
    navigate(href)
  }
  const can = commandsFor(registered, words).filter(({ id }) => id !== "page.palette")
  const sections: readonly Section[] = [
    {
      title: "Go to",
      lines: jumps.map(({ href, title }) => ({
        key: `jump ${href}`,
        content: (
          <>
            <Icon className={classes.sign} name="right" />
            <span className={classes.name}>{visible(title)}</span>
          </>
        ),
        run: go(href),
      })),
    },
    {
      title: text === "" ? "Newest threads" : "Threads",
      lines: threads.map((thread) => ({
        key: `thread ${thread.threadId}`,
        content: (
          <>
            <StatusMark status={thread.status} />
            <span className={classes.name}>{nameOf(thread)}</span>
            <span className={classes.hint}>{thread.agent ?? thread.provider}</span>
            {thread.updatedAt === null ? null : <Ago at={thread.updatedAt} className={classes.hint} />}
          </>
        ),
        run: go(`/threads/${thread.threadId}`),
      })),
    },
    {
      title: "Commands",
      lines: can.slice(0, onlyCommands || text === "" ? can.length : mostCommands).map((command) => ({
        key: `command ${command.id}`,
        content: (
          <>
            <Icon className={classes.sign} name="keys" />
            <span className={classes.name}>{command.title}</span>
            <span className={classes.hint}>{command.group}</span>
            {command.keys.slice(0, 1).map((keys) => (
              <Keys key={keys} keys={keys} />
            ))}
          </>
        ),
        run: () => {
          close()
          // What the command looks at is not behind the dialog any more.
          setTimeout(command.run)
        },
      })),
    },
    {
      title: "Said and done",
      lines: hits.map((hit, index) => ({
        key: `hit ${index} ${hit.itemId ?? hit.requestId ?? hit.turnId ?? hit.threadId}`,
        content: (
          <>
            <Icon className={classes.sign} name="search" />
            <span className={classes.hit}>
              <span className={classes.words}>
                {hit.title === null ? null : <Marked of={hit.title} />}
                {hit.title !== null && hit.text !== null ? " · " : null}
                {hit.text === null ? null : <Marked of={hit.text} />}
              </span>
              <span className={classes.hint}>
                {visible(hit.threadTitle ?? "Untitled thread")} · {hit.kind.replaceAll("_", " ")}
                {hit.rewound ? " · taken back" : ""}
              </span>
            </span>
            {hit.at === null ? null : <Ago at={hit.at} className={classes.hint} />}
          </>
        ),
        run: go(placeOf(hit)),
      })),
    },
  ]
  return { sections: sections.filter(({ lines }) => lines.length > 0), loading }
}

/** Shown while it is open. Part of the first view: who presses its key writes at once. */
export const Palette = ({ close }: { close: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [text, setText] = useState("")
  const [at, setAt] = useState(0)
  const { loading, sections } = useSections(text, close)
  const lines = sections.flatMap((section) => section.lines)
  const here = Math.min(at, lines.length - 1)

  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  useEffect(() => {
    list.current?.querySelector(`[data-index="${here}"]`)?.scrollIntoView({ block: "nearest" })
  }, [here])

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }
    const step = steps[event.key]
    if (step !== undefined && lines.length > 0) {
      event.preventDefault()
      const next = here + step
      // Single steps go around, pages stop at the ends.
      setAt(Math.abs(step) === 1 ? (next + lines.length) % lines.length : Math.max(0, Math.min(lines.length - 1, next)))
    }
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault()
      lines[here]?.run()
    }
  }

  let index = -1
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      aria-label="Palette"
      className={classes.dialog}
      data-testid="palette"
      onClick={(event) => {
        if (event.target === dialog.current) close()
      }}
      onClose={close}
      ref={dialog}
    >
      <div className={classes.frame}>
        <label className={classes.search}>
          <Icon className={classes.sign} name="search" />
          <input
            aria-activedescendant={lines.length === 0 ? undefined : `palette-${here}`}
            aria-autocomplete="list"
            aria-controls="palette-list"
            aria-expanded={lines.length > 0}
            aria-label="Find threads, places, commands and words"
            autoComplete="off"
            className={classes.field}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={onKeyDown}
            placeholder="Threads, words, a number or id; > for commands"
            role="combobox"
            spellCheck={false}
            value={text}
          />
          {loading ? <span aria-hidden="true" className={classes.spinner} /> : null}
        </label>
        <div aria-label="Found" className={classes.list} id="palette-list" ref={list} role="listbox">
          {sections.map((section) => (
            // biome-ignore lint/a11y/useSemanticElements: a group of options has no element of its own
            <div aria-label={section.title} key={section.title} role="group">
              <div aria-hidden="true" className={classes.group}>
                {section.title}
              </div>
              {section.lines.map(({ content, key, run }) => {
                index += 1
                const mine = index
                return (
                  // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, with aria-activedescendant
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
                  <div
                    aria-selected={mine === here}
                    className={classes.line}
                    data-index={mine}
                    id={`palette-${mine}`}
                    key={key}
                    onClick={run}
                    onPointerMove={() => setAt(mine)}
                    role="option"
                  >
                    {content}
                  </div>
                )
              })}
            </div>
          ))}
        </div>
        <p className={classes.status} role="status">
          {lines.length === 0 && !loading ? "Nothing found." : ""}
        </p>
      </div>
    </dialog>
  )
}
