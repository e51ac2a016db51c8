/** What stands below a transcript: what can be done with the agent now, its plan, its voice, what waits, and where a person writes. */
import type { RealtimeRunView } from "@threadfold/contracts"
import { Suspense, useRef, useState } from "react"
import type { Page } from "../../api/Api.js"
import { useRead } from "../../api/useRead.js"
import { readOnlyText } from "../../bundle/OpenBundle.js"
import { useValue } from "../../live/KeyedStore.js"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import { lazy } from "../../shell/lazyView.js"
import { usePage } from "../../shell/PageContext.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import { Composer } from "./Composer.js"
import { PlanPanel } from "./PlanPanel.js"
import { QueueList } from "./QueueList.js"
import classes from "./ThreadScreen.module.css"
import type { ThreadHead, ThreadStore } from "./ThreadStore.js"
import { useAgent } from "./useAgent.js"

const VoicePanel = lazy(() => import("./voice/VoicePanel.js"))

/** Whether the voice conversation is shown. */
interface VoiceSwitch {
  readonly open: boolean
  readonly toggle: () => void
  readonly isLive: boolean
}

const useVoice = (run: RealtimeRunView | null): VoiceSwitch => {
  const { bundle } = usePage()
  const [open, setOpen] = useState(false)
  const cameFrom = useRef<Element | null>(null)
  const toggle = () => {
    if (open && cameFrom.current instanceof HTMLElement) cameFrom.current.focus()
    else cameFrom.current = document.activeElement
    setOpen(!open)
  }
  // A bundle has what was said, where there was a conversation.
  const isThere = bundle === null || run !== null
  const title = open ? "Close the voice conversation" : "Show the voice conversation"
  useCommands(isThere ? [{ id: "thread.voice", title, group: "Thread", keys: ["V"], run: toggle }] : [])
  return { open, toggle, isLive: run?.status === "started" }
}

/** The button that shows the voice conversation of a thread, or closes it. */
const VoiceButton = ({ voice: { isLive, open, toggle } }: { voice: VoiceSwitch }) => (
  <button
    aria-pressed={open}
    className={classes.control}
    data-live={isLive}
    onClick={toggle}
    title="Voice conversation (V)"
    type="button"
  >
    <Icon name="voice" size={12} />
    {isLive ? "Voice, live" : "Voice"}
  </button>
)

/** Interrupting the turn and stopping the agent. */
const Controls = ({
  canInterrupt,
  canStop,
  head,
  voice,
}: {
  canInterrupt: boolean
  canStop: boolean
  head: ThreadHead
  voice: VoiceSwitch
}) => {
  const { session, thread } = head
  const { busy, give, problem } = useCommandCall()
  const path = `/v1/threads/${encodeURIComponent(thread.threadId)}`
  const runs = thread.activeTurnId !== null
  const lives = session !== null && session.endedAt === null
  const interrupt = () => give(`${path}/interrupt`, {})
  useCommands([
    {
      id: "thread.interrupt",
      title: "Interrupt the turn",
      group: "Thread",
      keys: ["mod+."],
      enabled: runs && canInterrupt,
      run: interrupt,
    },
  ])
  return (
    <div className={classes.controls}>
      {problem === null ? null : (
        <span className={classes.problem} role="alert">
          {problem.message}
        </span>
      )}
      {runs && canInterrupt ? (
        <button
          className={classes.control}
          disabled={busy}
          onClick={interrupt}
          title="Interrupt the turn (Ctrl .)"
          type="button"
        >
          <Icon name="pause" size={12} />
          Interrupt
        </button>
      ) : null}
      {lives && canStop ? (
        <button
          className={classes.control}
          disabled={busy}
          onClick={() => give(`${path}/session/stop`, {})}
          title="End the agent's process; what has not started is cancelled"
          type="button"
        >
          <Icon name="stop" size={12} />
          Stop agent
        </button>
      ) : null}
      <VoiceButton voice={voice} />
    </div>
  )
}

export const ThreadFoot = ({
  field,
  head,
  onSent,
  store,
}: {
  field: React.RefObject<HTMLTextAreaElement | null>
  head: ThreadHead
  onSent: () => void
  store: ThreadStore
}) => {
  const { queue, thread } = head
  const agent = useAgent(thread.agent)
  const { api, bundle } = usePage()
  const changing = useValue(store.voice)
  // Of a bundle no rows come by themselves.
  const kept = useRead(bundle === null ? null : store.path, (signal) =>
    api.get<Page<RealtimeRunView>>(`${store.path}/realtime`, { limit: 1 }, { signal }),
  )
  const run = changing ?? kept.value?.items[0] ?? null
  const voice = useVoice(run)
  if (agent === null && bundle === null) return null
  const leads = bundle === null && agent !== null && agent !== "none" ? agent : null
  const canTalk = leads !== null && thread.status !== "purged" && thread.deletedAt === null
  const panel = voice.open ? (
    <Suspense fallback={null}>
      <VoicePanel canTalk={canTalk} close={voice.toggle} run={run} threadId={thread.threadId} />
    </Suspense>
  ) : null
  if (leads === null || !canTalk) {
    return (
      <div className={classes.foot}>
        {panel}
        {run === null ? null : (
          <div className={classes.controls}>
            <VoiceButton voice={voice} />
          </div>
        )}
        <PlanPanel plan={thread.plan} />
        <p className={classes.note}>
          {bundle !== null
            ? readOnlyText
            : thread.deletedAt !== null
              ? "This thread is deleted."
              : "Threadfold does not run the agent of this thread: it can be read."}
        </p>
      </div>
    )
  }
  return (
    <div className={classes.foot}>
      {panel}
      <Controls
        canInterrupt={leads.capabilities.interrupt}
        canStop={leads.capabilities.stop}
        head={head}
        voice={voice}
      />
      <PlanPanel plan={thread.plan} />
      <QueueList agent={leads} queue={queue} thread={thread} />
      <Composer agent={leads} field={field} head={head} onSent={onSent} />
    </div>
  )
}
