/** The voice conversation of a thread in text: what was said, what is said to the voice, its start and its stop. */
import type { RealtimeRunView } from "@threadfold/contracts"
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react"
import { Link } from "wouter"
import { clock, entryOf, fullTime, visible } from "../../../format/format.js"
import { useKey, useValue } from "../../../live/KeyedStore.js"
import { Icon } from "../../../shell/Icon.js"
import { withCode } from "../../../shell/Notice.js"
import { announce, usePage } from "../../../shell/PageContext.js"
import { useFirstFocus, useVoiceCall } from "./useVoiceCall.js"
import classes from "./VoicePanel.module.css"
import { VoiceStart } from "./VoiceStart.js"
import { VoiceStore } from "./VoiceStore.js"
import { endText, type TalkEntry } from "./VoiceTalk.js"

interface PanelProps {
  readonly threadId: string
  /** The newest conversation of the thread; null: it had none. */
  readonly run: RealtimeRunView | null
  /** False: Threadfold does not run the agent of the thread, and a conversation can only be read. */
  readonly canTalk: boolean
  readonly close: () => void
}

/** How a conversation is, in words. */
const stateText = (run: RealtimeRunView | null): string => {
  switch (run?.status) {
    case undefined:
      return "None yet"
    case "requested":
      return "Starting"
    case "started":
      return "Live"
    case "failed":
      return "It did not start"
    case "closed":
      return run.reason === null ? "Ended" : endText(run.reason).replace(/[.]$/, "")
  }
}

const speakers: Readonly<Record<string, string>> = { user: "You", assistant: "Voice" }

/** The turn that works on what was handed over. */
const Work = ({ id, store, text }: { id: string | null; store: VoiceStore; text: string }) => {
  const work = useKey(store.delegations, id ?? "")
  const turnId = work?.turnId ?? null
  return (
    <>
      <span className={classes.who}>Work</span>
      <span className={classes.text}>
        {visible(text)} {work?.status === "closed" ? <span className={classes.done}>(over) </span> : null}
        {turnId === null ? null : (
          <Link
            aria-label={`To its turn: ${visible(text).slice(0, 80)}`}
            href={`/threads/${encodeURIComponent(store.threadId)}?turn=${encodeURIComponent(turnId)}`}
          >
            To its turn
          </Link>
        )}
      </span>
    </>
  )
}

const Line = ({ entry, store }: { entry: TalkEntry; store: VoiceStore }) => (
  <li
    className={classes.line}
    data-failed={entry.kind === "note" && entry.failed}
    data-kind={entry.kind}
    data-open={entry.kind === "said" && entry.open}
    data-role={entry.kind === "said" ? entry.role : undefined}
    data-testid="voice-line"
  >
    <time className={classes.time} title={fullTime(entry.at)}>
      {clock(entry.at)}
    </time>
    {entry.kind === "work" ? (
      <Work id={entry.delegationId} store={store} text={entry.text} />
    ) : entry.kind === "said" ? (
      <>
        <span className={classes.who}>{entryOf(speakers, entry.role) ?? visible(entry.role || "Somebody")}</span>
        <span className={classes.text}>{visible(entry.text)}</span>
      </>
    ) : (
      <span className={classes.text}>{visible(entry.text)}</span>
    )}
  </li>
)

/** What was said; it follows its end while the reader is there. */
const Talk = ({ store }: { store: VoiceStore }) => {
  const { entries, loading, older, problem } = useValue(store.state)
  const list = useRef<HTMLOListElement>(null)
  const pinned = useRef(true)
  // After every render: what is said grows the last line.
  useEffect(() => {
    if (pinned.current) list.current?.scrollTo(0, list.current.scrollHeight)
  })
  return (
    <>
      {problem === null ? null : (
        <p className={classes.problem} role="alert">
          {problem.message}{" "}
          <button className={classes.button} onClick={store.start} type="button">
            Try again
          </button>
        </p>
      )}
      {entries.length === 0 ? (
        <p className={classes.note}>{loading ? "Reading what was said …" : "Nothing was said yet."}</p>
      ) : (
        <ol
          aria-label="What was said"
          className={classes.talk}
          onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
            pinned.current = scrollHeight - scrollTop - clientHeight < 32
          }}
          ref={list}
          // A list that scrolls must be reached by keyboard.
          // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
          tabIndex={0}
        >
          {older ? (
            <li>
              <button className={classes.button} disabled={loading} onClick={store.readOlder} type="button">
                Read what was said before
              </button>
            </li>
          ) : null}
          {entries.map((entry) => (
            <Line entry={entry} key={entry.id} store={store} />
          ))}
        </ol>
      )}
    </>
  )
}

/** What a person puts into the live conversation. */
const Say = ({ path, realtimeId }: { path: string; realtimeId: string }) => {
  const [text, setText] = useState("")
  const field = useRef<HTMLTextAreaElement>(null)
  const { busy, problem, give } = useVoiceCall()
  useFirstFocus(field)
  const put = async (what: "text" | "speech") => {
    if (text.trim() === "" || busy) return
    const sent = text
    if ((await give(`${path}/realtime/${what}`, { text: sent, realtimeId })) === null) return
    setText((now) => (now === sent ? "" : now))
    announce(what === "text" ? "Sent to the voice" : "The voice was asked to say it")
    field.current?.focus()
  }
  return (
    <>
      <div className={classes.say}>
        <textarea
          aria-label="Text for the voice"
          className={classes.field}
          maxLength={32_000}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            void put("text")
          }}
          placeholder="Say something to the voice"
          ref={field}
          rows={1}
          value={text}
        />
        <button
          className={classes.button}
          disabled={busy || text.trim() === ""}
          onClick={() => put("speech")}
          title="The voice says this text, in place of what it is saying"
          type="button"
        >
          Have it said
        </button>
        <button
          className={classes.main}
          disabled={busy || text.trim() === ""}
          onClick={() => put("text")}
          title="Send (Enter)"
          type="button"
        >
          Say
        </button>
      </div>
      {problem === null ? null : (
        <p className={classes.problem} role="alert">
          {problem.message} {withCode(problem.next)}
        </p>
      )}
    </>
  )
}

const VoicePanel = ({ canTalk, close, run, threadId }: PanelProps) => {
  const { api, bundle, feed } = usePage()
  const follows = bundle === null
  const store = useMemo(
    () => new VoiceStore(api, threadId, (text) => announce(`Voice: ${visible(text).slice(0, 300)}`), follows),
    [api, follows, threadId],
  )
  useEffect(() => {
    store.start()
    const stop = feed.listen(store)
    return () => {
      stop()
      store.close()
    }
  }, [feed, store])
  const live = run?.status === "started" ? run.realtimeId : null
  const [wantsNew, setWantsNew] = useState(false)
  const ending = useVoiceCall()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    const element = panel.current
    if (element?.contains(document.activeElement) !== false) return
    const first = element.querySelector("select, textarea")
    if (first instanceof HTMLElement) first.focus()
    else element.focus()
  }, [])
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return
    event.stopPropagation()
    close()
  }
  return (
    <section
      aria-label="Voice"
      className={classes.panel}
      data-testid="voice"
      onKeyDown={leave}
      ref={panel}
      tabIndex={-1}
    >
      <header className={classes.head}>
        <span className={classes.dot} data-status={run?.status ?? "none"} />
        <h2 className={classes.title}>Voice</h2>
        <span className={classes.state} data-testid="voice-state">
          {stateText(run)}
        </span>
        <span className={classes.space} />
        {live === null || !canTalk ? null : (
          <>
            <button
              aria-expanded={wantsNew}
              className={classes.button}
              onClick={() => setWantsNew(!wantsNew)}
              type="button"
            >
              Start another
            </button>
            <button
              className={classes.button}
              disabled={ending.busy}
              onClick={() =>
                ending.give(`/v1/threads/${encodeURIComponent(threadId)}/realtime/stop?realtimeId=${live}`, undefined)
              }
              type="button"
            >
              <Icon name="stop" size={12} />
              Stop the voice
            </button>
          </>
        )}
        <button
          aria-label="Close the voice panel"
          className={classes.close}
          onClick={close}
          title="Close"
          type="button"
        >
          <Icon name="close" size={14} />
        </button>
      </header>
      {ending.problem === null ? null : (
        <p className={classes.problem} role="alert">
          {ending.problem.message}
        </p>
      )}
      <Talk store={store} />
      {canTalk && (live === null || wantsNew) ? (
        <VoiceStart
          path={store.path}
          replaces={live !== null}
          started={() => setWantsNew(false)}
          waits={run?.status === "requested"}
        />
      ) : null}
      {canTalk && live !== null ? <Say key={live} path={store.path} realtimeId={live} /> : null}
    </section>
  )
}

export default VoicePanel
