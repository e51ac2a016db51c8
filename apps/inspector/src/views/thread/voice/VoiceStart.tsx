/** How a voice conversation is started: what carries it, its voice and model as the transport lists them, and its instructions. */
import type { StartVoiceBody, VoiceList } from "@threadfold/contracts/api"
import { type ReactNode, useId, useRef, useState } from "react"
import type { PageProblem } from "../../../api/PageProblem.js"
import { useRead } from "../../../api/useRead.js"
import { visible } from "../../../format/format.js"
import { withCode } from "../../../shell/Notice.js"
import { announce, usePage } from "../../../shell/PageContext.js"
import { useFirstFocus, useVoiceCall } from "./useVoiceCall.js"
import classes from "./VoicePanel.module.css"

type Transport = "" | "agent" | "direct"

const transports: Readonly<Record<Transport, string>> = {
  "": "What the thread can",
  agent: "The agent of the thread",
  direct: "A realtime model of the server",
}

const isTransport = (value: string): value is Transport => value in transports

/** Why something is refused. What is next after `voice-refused` is said in the detail, to a person; the rest is for programs. */
const reasonOf = ({ detail, next, slug }: PageProblem): ReactNode =>
  withCode(slug === "voice-refused" ? detail : `${detail} ${next}`)

interface StartProps {
  /** Path of the thread. */
  readonly path: string
  /** A conversation is live, which a start ends. */
  readonly replaces: boolean
  /** A start is under way. */
  readonly waits: boolean
  readonly started: () => void
}

export const VoiceStart = ({ path, replaces, started, waits }: StartProps) => {
  const { api } = usePage()
  const id = useId()
  const first = useRef<HTMLSelectElement>(null)
  useFirstFocus(first)
  const [transport, setTransport] = useState<Transport>("")
  /** `v2 cedar`: a voice belongs to a version. */
  const [voice, setVoice] = useState("")
  const [model, setModel] = useState("")
  const [prompt, setPrompt] = useState("")
  const [asText, setAsText] = useState(false)
  const { busy, give, problem } = useVoiceCall()
  const list = useRead(`${path} ${transport}`, (signal) =>
    api.get<typeof VoiceList.Type>(`${path}/realtime/voices`, { transport }, { signal }),
  )
  const versions = Object.entries(list.value?.versions ?? {})
  const models = list.value?.models ?? null
  const defaultModel = list.value?.defaultModel ?? null
  const start = async () => {
    const [version = "", ...words] = voice.split(" ")
    const name = words.join(" ")
    const body: StartVoiceBody = {
      ...(transport === "" ? {} : { transport }),
      ...(name === "" ? {} : { voice: name }),
      ...(name === "" || versions.length < 2 ? {} : { version }),
      ...(model.trim() === "" ? {} : { model: model.trim() }),
      ...(prompt.trim() === "" ? {} : { prompt }),
      ...(asText ? { modality: "text" } : {}),
    }
    if ((await give(`${path}/realtime/start`, body)) === null) return
    announce("The voice conversation is live")
    started()
  }
  return (
    <form
      aria-label="Start a voice conversation"
      className={classes.start}
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <div className={classes.setting}>
        <label htmlFor={`${id} transport`}>Carried by</label>
        <select
          className={classes.field}
          id={`${id} transport`}
          onChange={({ target: { value } }) => {
            if (!isTransport(value)) return
            setTransport(value)
            // Voices and models are those of a transport.
            setVoice("")
            setModel("")
          }}
          ref={first}
          value={transport}
        >
          {Object.entries(transports).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <div className={classes.setting}>
        <label htmlFor={`${id} voice`}>Voice</label>
        <select
          className={classes.field}
          disabled={versions.length === 0}
          id={`${id} voice`}
          onChange={(event) => setVoice(event.target.value)}
          value={voice}
        >
          <option value="">{list.busy ? "Asking …" : list.problem === null ? "Its own" : "Not known"}</option>
          {versions.map(([version, voices]) => (
            <optgroup key={version} label={visible(version)}>
              {voices.map((name) => (
                <option key={name} value={`${version} ${name}`}>
                  {visible(name)}
                  {list.value?.defaults[version] === name ? " (default)" : ""}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <div className={classes.setting}>
        <label htmlFor={`${id} model`}>Model</label>
        {models === null ? (
          <input
            className={classes.field}
            id={`${id} model`}
            maxLength={200}
            onChange={(event) => setModel(event.target.value)}
            placeholder={defaultModel ?? "Its own"}
            value={model}
          />
        ) : (
          <select
            className={classes.field}
            id={`${id} model`}
            onChange={(event) => setModel(event.target.value)}
            value={model}
          >
            <option value="">{defaultModel === null ? "Its own" : `${visible(defaultModel)} (default)`}</option>
            {models
              .filter((name) => name !== defaultModel)
              .map((name) => (
                <option key={name} value={name}>
                  {visible(name)}
                </option>
              ))}
          </select>
        )}
      </div>
      <div className={classes.setting} data-wide="true">
        <label htmlFor={`${id} prompt`}>Instructions</label>
        <textarea
          className={classes.field}
          id={`${id} prompt`}
          maxLength={32_000}
          onChange={(event) => setPrompt(event.target.value)}
          placeholder="Its own"
          rows={2}
          value={prompt}
        />
      </div>
      <label className={classes.check}>
        <input checked={asText} onChange={(event) => setAsText(event.target.checked)} type="checkbox" />
        It answers in text alone
      </label>
      <span className={classes.space} />
      <button className={classes.main} disabled={busy || (waits && !replaces)} type="submit">
        {busy ? "Starting …" : replaces ? "Start in its place" : "Start"}
      </button>
      {list.problem === null ? null : (
        <p className={classes.problem} role="alert">
          The voices are not known: {reasonOf(list.problem)}
        </p>
      )}
      {!list.busy && list.value !== null && versions.length === 0 ? (
        <p className={classes.note}>No voices are listed: a conversation has the one that is usual there.</p>
      ) : null}
      {problem === null ? null : (
        <p className={classes.problem} role="alert">
          {reasonOf(problem)}
        </p>
      )}
    </form>
  )
}
