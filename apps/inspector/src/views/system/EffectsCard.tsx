/** Calls to agents: what is on its way, and what became of the others, by state and by thread. */
import type { EffectView } from "@threadfold/contracts/api"
import { useState } from "react"
import { Link } from "wouter"
import type { Page } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { useEvery, useRead } from "../../api/useRead.js"
import { entryOf, shortId, visible } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { usePage } from "../../shell/PageContext.js"
import { Card, CardButton, Chip, Nothing, Table } from "./Card.js"
import classes from "./ChecksCard.module.css"

const pageSize = 20
const pauseMs = 10_000

type State = EffectView["status"]

const states: Readonly<Record<State, { readonly tone: string; readonly label: string }>> = {
  pending: { tone: "working", label: "Pending" },
  attempting: { tone: "working", label: "On its way" },
  uncertain: { tone: "waiting", label: "Uncertain" },
  failed: { tone: "failed", label: "Failed" },
  delivered: { tone: "done", label: "Delivered" },
  retired: { tone: "quiet", label: "Retired" },
}

/** What wants to be looked at: what is on its way, and what failed or may have had an effect. */
const notable: readonly State[] = ["pending", "attempting", "uncertain", "failed"]

const choices: readonly { readonly value: string; readonly label: string; readonly states: readonly string[] }[] = [
  { value: "notable", label: "Open, failed, uncertain", states: notable },
  { value: "all", label: "All", states: [] },
  ...Object.entries(states).map(([value, { label }]) => ({ value, label, states: [value] })),
]

interface Older {
  /** Which list it belongs to. */
  readonly key: string
  readonly items: readonly EffectView[]
  readonly next: string | null
  readonly busy: boolean
  readonly problem: PageProblem | null
}

const Row = ({ effect }: { effect: EffectView }) => {
  const { attempts, createdAt, endedAt, kind, message, status, threadId, turnId } = effect
  return (
    <tr data-testid="effect">
      <td>
        <Chip tone={entryOf(states, status)?.tone ?? "quiet"}>{entryOf(states, status)?.label ?? visible(status)}</Chip>
      </td>
      <td>
        <span className={classes.word}>{visible(kind)}</span>
        {attempts > 1 ? `, ${attempts} tries` : ""}
      </td>
      <td>{message === null ? "–" : visible(message)}</td>
      <td>
        <Ago at={endedAt ?? createdAt} />
      </td>
      <td>
        <Link
          className={classes.word}
          href={`/threads/${threadId}${turnId === null ? "" : `?turn=${turnId}`}`}
          title={threadId}
        >
          {shortId(threadId)}
        </Link>
      </td>
    </tr>
  )
}

export const EffectsCard = () => {
  const { api } = usePage()
  const [chosen, setChosen] = useState("notable")
  const [thread, setThread] = useState("")
  const query = {
    status: choices.find(({ value }) => value === chosen)?.states,
    threadId: thread.trim(),
    limit: pageSize,
  }
  const key = JSON.stringify(query)
  const [older, setOlder] = useState<Older | null>(null)
  const first = useRead(key, (signal) => api.get<Page<EffectView>>("/v1/effects", query, { signal }))
  useEvery(pauseMs, first.again)
  const more = older?.key === key ? older : null
  const items = [...(first.value?.items ?? [])]
  // What has come meanwhile pushes the end of the first page into the second.
  const known = new Set(items.map(({ effectId }) => effectId))
  for (const one of more?.items ?? []) if (!known.has(one.effectId)) items.push(one)
  const next = more === null ? (first.value?.next ?? null) : more.next
  const readOlder = async () => {
    const before = { key, items: more?.items ?? [], next }
    setOlder({ ...before, busy: true, problem: null })
    const page = api.get<Page<EffectView>>("/v1/effects", { ...query, cursor: next })
    setOlder(
      await page.then(
        (found) => ({
          ...before,
          items: [...before.items, ...found.items],
          next: found.next,
          busy: false,
          problem: null,
        }),
        (error: unknown) => ({ ...before, busy: false, problem: asProblem(error) }),
      ),
    )
  }
  return (
    <Card
      actions={
        <>
          <label className={classes.option}>
            State
            <select className={classes.choice} onChange={(event) => setChosen(event.target.value)} value={chosen}>
              {choices.map(({ label, value }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <input
            aria-label="Only of the thread with this id"
            className={classes.choice}
            maxLength={100}
            onChange={(event) => setThread(event.target.value)}
            placeholder="Id of a thread"
            spellCheck={false}
            value={thread}
          />
        </>
      }
      note="what agents were asked, and what became of it; for 7 days"
      problem={first.problem ?? more?.problem ?? null}
      title="Effects"
    >
      {first.value !== null && items.length === 0 && next === null ? (
        <Nothing>
          {chosen === "notable" && query.threadId === ""
            ? "Nothing is on its way, and nothing has failed."
            : "There are no such calls."}
        </Nothing>
      ) : (
        <Table columns={["State", "Call", "Why", "Since", "Thread"]} label="Effects">
          {items.map((effect) => (
            <Row effect={effect} key={effect.effectId} />
          ))}
        </Table>
      )}
      {next === null ? null : (
        <p className={classes.more}>
          <CardButton disabled={more?.busy ?? false} label="Older ones" run={readOlder} />
        </p>
      )}
    </Card>
  )
}
