/** The sessions that live, and what the reaper decides of each: why it stays, or goes. */
import type { SessionView, ThreadView } from "@threadfold/contracts"
import type { ReaperFindings } from "@threadfold/contracts/api"
import { useState } from "react"
import { Link } from "wouter"
import { newKey } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { useEvery, useRead } from "../../api/useRead.js"
import { duration, entryOf } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { announce, usePage } from "../../shell/PageContext.js"
import { nameOf } from "../threads/threadRows.js"
import { Card, CardButton, Chip, Nothing, Table } from "./Card.js"

type Findings = typeof ReaperFindings.Type

/** Sessions whose rows are read, too. */
const mostRead = 50
const pauseMs = 10_000

const decisions: Readonly<Record<string, { readonly tone: string; readonly label: string }>> = {
  keep: { tone: "done", label: "Stays" },
  reap: { tone: "waiting", label: "Is ended" },
  repair: { tone: "failed", label: "Its end is recorded" },
}

const tones: Readonly<Record<string, string>> = {
  running: "working",
  starting: "working",
  ready: "done",
  error: "failed",
}

interface Row {
  readonly finding: Findings["items"][number]
  readonly session: SessionView | null
  readonly thread: ThreadView | null
}

/** A resource that may be gone meanwhile. */
const orNull = <A,>(read: Promise<A>): Promise<A | null> => read.catch(() => null)

export const SessionsCard = () => {
  const { api } = usePage()
  const [sweeping, setSweeping] = useState(false)
  const [refusal, setRefusal] = useState<PageProblem | null>(null)
  const rows = useRead(
    "sessions",
    async (signal): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> => {
      const { items, more = false } = await api.get<Findings>("/v1/reaper", {}, { signal })
      const read = items.slice(0, mostRead).map(
        async (finding): Promise<Row> => ({
          finding,
          session: await orNull(api.get<SessionView>(`/v1/sessions/${finding.sessionId}`, {}, { signal })),
          thread: await orNull(
            api
              .get<{ readonly thread: ThreadView }>(`/v1/threads/${finding.threadId}`, { limit: 1 }, { signal })
              .then(({ thread }) => thread),
          ),
        }),
      )
      return { rows: await Promise.all(read), more: more || items.length > mostRead }
    },
  )
  useEvery(pauseMs, rows.again)
  const sweep = async () => {
    setSweeping(true)
    setRefusal(null)
    try {
      const { items } = await api.command<Findings>("/v1/reaper/sweep", undefined, { key: newKey() })
      const ended = items.filter(({ decision }) => decision !== "keep").length
      announce(ended === 0 ? "The sweep ended no session." : `The sweep ended ${ended} sessions.`)
      rows.again()
    } catch (error) {
      setRefusal(asProblem(error))
    }
    setSweeping(false)
  }
  return (
    <Card
      actions={<CardButton disabled={sweeping} label={sweeping ? "Sweeping…" : "Sweep now"} run={() => void sweep()} />}
      note="those that live, as the last sweep of the reaper found them"
      problem={refusal ?? rows.problem}
      title="Sessions"
    >
      {rows.value === null ? (
        <Nothing>Reading the sessions…</Nothing>
      ) : rows.value.rows.length === 0 ? (
        <Nothing>No session lives.</Nothing>
      ) : (
        <Table columns={["Thread", "Agent", "Status", "Last activity", "Reaper", "Why", "Idle"]} label="Sessions">
          {rows.value.rows.map(({ finding, session, thread }) => (
            <tr data-testid="session" key={finding.sessionId}>
              <td>
                <Link href={`/threads/${finding.threadId}`} title={thread === null ? finding.threadId : nameOf(thread)}>
                  {thread === null ? finding.threadId : nameOf(thread)}
                </Link>
              </td>
              <td>{[thread?.agent ?? session?.provider, session?.model].filter((one) => one != null).join(" · ")}</td>
              <td>
                {session === null ? (
                  "–"
                ) : (
                  <Chip tone={entryOf(tones, session.status) ?? "quiet"}>{session.status}</Chip>
                )}
              </td>
              <td>{session?.lastActivityAt == null ? "–" : <Ago at={session.lastActivityAt} />}</td>
              <td>
                <Chip tone={entryOf(decisions, finding.decision)?.tone ?? "quiet"}>
                  {entryOf(decisions, finding.decision)?.label ?? finding.decision}
                </Chip>
              </td>
              <td>{finding.reason.replaceAll("-", " ")}</td>
              <td>{duration(finding.idleMs)}</td>
            </tr>
          ))}
        </Table>
      )}
      {rows.value?.more === true ? <Nothing>There are more of them.</Nothing> : null}
    </Card>
  )
}
