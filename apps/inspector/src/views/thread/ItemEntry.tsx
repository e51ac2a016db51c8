/** One item of a thread: a message, a thought, a command, a change of files, … It renders when the item itself is another. */
import type { ItemView } from "@threadfold/contracts"
import { memo, type ReactNode } from "react"
import { duration, entryOf, visible } from "../../format/format.js"
import { useKey } from "../../live/KeyedStore.js"
import { Running } from "../../live/timedTexts.js"
import { Icon, type IconName } from "../../shell/Icon.js"
import { CodeBlock } from "../../text/CodeBlock.js"
import { LongText } from "../../text/LongText.js"
import { Markdown } from "../../text/Markdown.js"
import { Terminal } from "../../text/Terminal.js"
import { bareCommand, lastLines } from "../../text/terminalText.js"
import { ChildLinks } from "./ChildLinks.js"
import { Fold } from "./Fold.js"
import classes from "./ItemEntry.module.css"
import { MessageParts } from "./MessageParts.js"
import type { ThreadStore } from "./ThreadStore.js"
import { TurnChanges } from "./TurnChanges.js"

interface ItemProps {
  readonly item: ItemView
  readonly store: ThreadStore
}

/** Lines of output that are shown of a command that runs. */
const liveLines = 8

/** How long an item took, while it runs how long it has been running. */
const Took = ({ item: { endedAt, startedAt, status } }: { item: ItemView }) => {
  if (startedAt === null) return null
  if (status === "open") return <Running since={startedAt} />
  return endedAt === null || endedAt - startedAt < 100 ? null : <span>{duration(endedAt - startedAt)}</span>
}

const endings: Readonly<Record<string, string>> = { failed: "failed", declined: "declined", interrupted: "interrupted" }

/** How an item ended, where that is not simply well. */
const Ending = ({ item: { exitCode, status } }: { item: ItemView }) => {
  const word = entryOf(endings, status)
  if (exitCode !== null && exitCode !== 0) return <span className={classes.bad}>exit {exitCode}</span>
  return word === undefined ? null : <span className={classes.bad}>{word}</span>
}

const toneOf = ({ exitCode, status }: ItemView): "failed" | "working" | "quiet" =>
  status === "open" ? "working" : status === "failed" || (exitCode ?? 0) !== 0 ? "failed" : "quiet"

/** All that an item says of itself, in the provider's words. */
const Native = ({ item }: { item: ItemView }) =>
  item.data === null ? null : (
    <LongText
      cut={item.truncated?.data}
      show={(text) => <CodeBlock code={text} language="json" />}
      text={JSON.stringify(item.data, null, 2)}
    />
  )

const Said = ({ item, show }: { item: ItemView; show: (text: string) => ReactNode }) =>
  item.text === null ? null : <LongText cut={item.truncated?.text} show={show} text={item.text} />

const markdown = (text: string) => <Markdown text={text} />
const terminal = (text: string) => <Terminal output={text} />

export const UserMessage = ({ children }: { children: ReactNode }) => (
  <div className={classes.user}>
    <span className={classes.who}>You</span>
    <div className={classes.said}>{children}</div>
  </div>
)

/** The message of the user; images and files are known of its turn. */
const UserItem = ({ item, store }: ItemProps) => {
  const turn = useKey(store.turns, item.turnId ?? "")
  return (
    <UserMessage>
      <Said item={item} show={markdown} />
      {turn?.parts == null ? null : <MessageParts parts={turn.parts.filter(({ type }) => type !== "text")} />}
    </UserMessage>
  )
}

const AgentItem = ({ item }: ItemProps) => (
  <div className={classes.agent} data-phase={item.phase ?? undefined} data-streams={item.status === "open"}>
    <Said item={item} show={markdown} />
    {item.text === null && item.status === "open" ? <span className={classes.waiting}>Writing …</span> : null}
  </div>
)

const Reasoning = ({ item, store }: ItemProps) => {
  const firstLine = (item.text ?? "").split("\n", 1)[0]?.replaceAll(/[*#`]/g, "").trim() ?? ""
  return (
    <Fold
      aside={<Took item={item} />}
      body={
        item.text === null
          ? null
          : () => (
              <div className={classes.thought}>
                <Said item={item} show={markdown} />
              </div>
            )
      }
      id={item.itemId}
      kind="Reasoning"
      sign="question"
      store={store}
      title={
        <span className={classes.faint}>{visible(firstLine) || (item.status === "open" ? "Thinking" : "Thought")}</span>
      }
      tone={item.status === "open" ? "working" : "quiet"}
    />
  )
}

const Command = ({ item, store }: ItemProps) => {
  const output = item.text ?? ""
  const tail = item.status === "open" && output !== "" ? lastLines(output, liveLines) : null
  return (
    <Fold
      aside={
        <>
          <Ending item={item} />
          <Took item={item} />
        </>
      }
      body={() => (
        <>
          {(item.title ?? "").length > 60 ? <CodeBlock code={item.title ?? ""} language="bash" /> : null}
          {output === "" ? (
            <p className={classes.faint}>No output{item.status === "open" ? " yet" : ""}.</p>
          ) : (
            <Said item={item} show={terminal} />
          )}
          <details className={classes.native}>
            <summary>In the agent's words</summary>
            <Native item={item} />
          </details>
        </>
      )}
      id={item.itemId}
      kind="Command"
      preview={
        tail === null ? null : (
          <div className={classes.tail}>
            <Terminal output={tail} />
          </div>
        )
      }
      sign="system"
      store={store}
      title={<code title={visible(item.title ?? "")}>{visible(bareCommand(item.title ?? "command"))}</code>}
      tone={toneOf(item)}
    />
  )
}

const FileChange = ({ item, store }: ItemProps) => (
  <Fold
    aside={
      <>
        <Ending item={item} />
        <Took item={item} />
      </>
    }
    body={() =>
      item.turnId === null ? (
        <Native item={item} />
      ) : (
        <TurnChanges at={store.at} item={item} key={item.status} turnId={item.turnId}>
          <Native item={item} />
        </TurnChanges>
      )
    }
    id={item.itemId}
    kind="File change"
    sign="log"
    store={store}
    title={<code>{visible(item.title ?? "files")}</code>}
    tone={toneOf(item)}
  />
)

const PlanItem = ({ item }: ItemProps) => (
  <div className={classes.plan}>
    <span className={classes.who}>Plan</span>
    <Said item={item} show={markdown} />
  </div>
)

const Compaction = ({ item }: ItemProps) => (
  <div className={classes.divider}>
    <span>
      {item.status === "open" ? "The agent sums up the conversation" : "The conversation was summed up to make room"}
    </span>
    <Took item={item} />
  </div>
)

const signs: Readonly<Record<string, IconName>> = { web_search: "search", subagent: "agent", tool_call: "agent" }
const names: Readonly<Record<string, string>> = {
  web_search: "Web search",
  subagent: "Sub-agent",
  tool_call: "Tool",
  other: "Step",
}

const Step = ({ item, store }: ItemProps) => (
  <Fold
    aside={
      <>
        <Ending item={item} />
        <Took item={item} />
      </>
    }
    body={
      item.text === null && item.data === null
        ? null
        : () => (
            <>
              <Said item={item} show={terminal} />
              <Native item={item} />
            </>
          )
    }
    id={item.itemId}
    kind={entryOf(names, item.kind) ?? "Step"}
    preview={item.kind === "subagent" ? <ChildLinks item={item} store={store} /> : null}
    sign={entryOf(signs, item.kind) ?? "more"}
    store={store}
    title={visible(item.title ?? item.nativeKind ?? item.kind)}
    tone={toneOf(item)}
  />
)

const forms: Readonly<Record<string, (props: ItemProps) => ReactNode>> = {
  user_message: UserItem,
  agent_message: AgentItem,
  reasoning: Reasoning,
  command: Command,
  file_change: FileChange,
  plan: PlanItem,
  compaction: Compaction,
}

export const ItemEntry = memo(({ itemId, store }: { itemId: string; store: ThreadStore }) => {
  const item = useKey(store.items, itemId)
  const turn = useKey(store.turns, item?.turnId ?? "")
  if (item === undefined) return null
  const Form = entryOf(forms, item.kind) ?? Step
  return (
    <article
      className={classes.item}
      data-kind={item.kind}
      data-rewound={turn?.rewound === true}
      data-status={item.status}
      data-testid="item"
    >
      {item.afterEnd ? (
        <p className={classes.afterEnd}>
          <Icon name="down" size={12} /> after the end of its turn
        </p>
      ) : null}
      <Form item={item} store={store} />
    </article>
  )
})
