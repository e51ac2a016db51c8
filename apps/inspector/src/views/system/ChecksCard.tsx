/** Whether the log and the rows are what they should be: the comparison, the rebuild, and the rules that they keep. */
import type { CheckView, InvariantList, ProjectionWork, RebuildView, VerifyView } from "@threadfold/contracts/api"
import { type ReactNode, useState } from "react"
import { Link } from "wouter"
import { type Reading, useRead } from "../../api/useRead.js"
import { counted, duration, entryOf, shortId, visible } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { withCode } from "../../shell/Notice.js"
import { usePage } from "../../shell/PageContext.js"
import { JsonTree } from "../../text/JsonTree.js"
import { Card, CardButton, Chip, Nothing, Table } from "./Card.js"
import classes from "./ChecksCard.module.css"
import { type JobView, partDone, useJob, useWork } from "./useJob.js"

const states: Readonly<Record<string, { readonly tone: string; readonly label: string }>> = {
  running: { tone: "working", label: "Running" },
  completed: { tone: "done", label: "Completed" },
  cancelled: { tone: "quiet", label: "Cancelled" },
  failed: { tone: "failed", label: "Failed" },
  interrupted: { tone: "waiting", label: "Interrupted" },
}

const Progress = ({ view }: { view: JobView }) => {
  const part = partDone(view)
  return (
    <div className={classes.progress} data-testid="job-progress">
      <progress aria-label="Progress" className={classes.bar} max={1} {...(part === null ? {} : { value: part })} />
      <span>
        {part === null ? "" : `${Math.floor(part * 100)} % · `}
        {counted(view.events, "event")} of {view.totalEvents?.toLocaleString("en") ?? "?"} ·{" "}
        {counted(view.streams, "stream")}
        {view.etaMs === null ? "" : ` · ${duration(view.etaMs)} left`}
      </span>
    </div>
  )
}

const Work = ({ children, view }: { view: JobView; children: ReactNode }) => (
  <div className={classes.work}>
    <p className={classes.state}>
      <Chip tone={entryOf(states, view.state)?.tone ?? "quiet"}>
        {entryOf(states, view.state)?.label ?? view.state}
      </Chip>
      <span>
        {view.endedAt === null ? (
          <>
            began <Ago at={view.startedAt} />
          </>
        ) : (
          <>
            <Ago at={view.endedAt} />, took {duration(view.endedAt - view.startedAt)}
          </>
        )}
      </span>
    </p>
    {view.state === "running" ? <Progress view={view} /> : null}
    {view.problem === null ? null : (
      <p className={classes.failed}>
        {view.problem.title}. {view.problem.detail} {withCode(view.problem.next)}
      </p>
    )}
    {children}
  </div>
)

/** Differences that are shown one by one. */
const mostShown = 50

const Verified = ({ view }: { view: VerifyView }) => {
  const { report } = view
  if (report === null) return null
  return (
    <>
      <p className={report.ok ? classes.good : classes.failed} data-testid="verify-result">
        {report.ok
          ? `The rows of ${counted(report.threads, "thread")} are what the log leads to, and the log is as it was written.`
          : `${counted(report.differences.length, "row")} differ, ${counted(report.stale.length, "thread")} of another version of the fold.`}
      </p>
      {report.differences.length === 0 ? null : (
        <Table columns={["Thread", "Table", "Row"]} label="Differences">
          {report.differences.slice(0, mostShown).map(({ actual, expected, key, table, threadId }) => (
            <tr key={`${table} ${key}`}>
              <td>
                <Link href={`/threads/${threadId}`}>{threadId}</Link>
              </td>
              <td>{table}</td>
              <td>
                <JsonTree open={1} value={{ key, expected, actual }} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <details className={classes.report}>
        <summary>Report</summary>
        <JsonTree value={report} />
      </details>
    </>
  )
}

const Rebuilt = ({ view }: { view: RebuildView }) => {
  const { report } = view
  if (report === null) return null
  return (
    <>
      <p className={report.ok ? classes.good : classes.failed} data-testid="rebuild-result">
        {counted(report.streams, "stream")} and {counted(report.events, "event")} were folded again
        {report.changed === null ? "." : `; ${counted(report.changed, "stream")} had other rows.`}
        {report.ok ? "" : ` The database refused the rows of ${counted(report.refused.length, "stream")}.`}
      </p>
      <details className={classes.report}>
        <summary>Report</summary>
        <JsonTree value={report} />
      </details>
    </>
  )
}

interface WorkProps {
  readonly work: Reading<ProjectionWork>
}

const VerifyCard = ({ work }: WorkProps) => {
  const { begin, busy, cancel, problem, view } = useJob("verify", "Comparison", work)
  const [bytes, setBytes] = useState(false)
  const isRunning = view?.state === "running"
  return (
    <Card
      actions={
        <>
          <label className={classes.option}>
            <input checked={bytes} disabled={isRunning} onChange={() => setBytes(!bytes)} type="checkbox" />
            with native messages
          </label>
          {isRunning ? (
            <CardButton disabled={busy} label="Cancel" run={cancel} />
          ) : (
            <CardButton disabled={busy} label="Compare" run={() => begin(bytes ? { bytes } : {})} />
          )}
        </>
      }
      note="the log with its digests, and the rows with what the log leads to"
      problem={problem}
      title="Verify"
    >
      {view === null ? (
        <Nothing>Nothing was compared in this run of the server.</Nothing>
      ) : (
        <Work view={view}>
          <Verified view={view} />
        </Work>
      )}
    </Card>
  )
}

const RebuildCard = ({ work }: WorkProps) => {
  const { begin, busy, cancel, problem, view } = useJob("rebuild", "Rebuild", work)
  const [sure, setSure] = useState(false)
  const isRunning = view?.state === "running"
  const canResume = view?.state === "interrupted" || view?.state === "cancelled"
  const start = (body: unknown) => {
    setSure(false)
    begin(body)
  }
  return (
    <Card
      actions={
        isRunning ? (
          <CardButton disabled={busy} label="Cancel" run={cancel} />
        ) : sure ? (
          <>
            <CardButton label="Keep the rows" run={() => setSure(false)} />
            <CardButton disabled={busy} label="Rebuild all of them" run={() => start({})} tone="danger" />
          </>
        ) : (
          <>
            {canResume ? <CardButton disabled={busy} label="Go on" run={() => start({ resume: true })} /> : null}
            <CardButton disabled={busy} label="Rebuild…" run={() => setSure(true)} />
          </>
        )
      }
      note="makes the rows anew from the log, beside the work of the server"
      problem={problem}
      title="Rebuild"
    >
      {view === null ? (
        <Nothing>Nothing was rebuilt yet.</Nothing>
      ) : (
        <Work view={view}>
          <Rebuilt view={view} />
        </Work>
      )}
    </Card>
  )
}

/** Those with an event by its place in the log, then those without one. */
const inOrder = (violations: NonNullable<CheckView["report"]>["violations"]) =>
  violations.toSorted((a, b) => (a.sequence ?? Number.MAX_SAFE_INTEGER) - (b.sequence ?? Number.MAX_SAFE_INTEGER))

const Checked = ({ textOf, view }: { view: CheckView; textOf: (id: string) => string }) => {
  const { report } = view
  if (report === null) return null
  const violations = inOrder(report.violations)
  const first = violations[0]?.sequence ?? null
  return (
    <>
      <p className={report.ok ? classes.good : classes.failed} data-testid="check-result">
        {report.ok ? (
          "Every rule is kept."
        ) : (
          <>
            {counted(violations.length, "breach", "breaches")} of the rules.
            {first === null ? null : (
              <>
                {" "}
                The first one is at <Link href={`/log?at=${first}`}>event #{first}</Link>.
              </>
            )}
          </>
        )}
      </p>
      {violations.length === 0 ? null : (
        <Table columns={["Rule", "What is broken", "Thread", "Event"]} label="Broken rules">
          {violations.slice(0, mostShown).map(({ detail, invariant, sequence, threadId }) => (
            <tr key={`${invariant} ${threadId} ${sequence} ${detail}`}>
              <td>
                {textOf(invariant)}
                <code className={classes.id}>{invariant}</code>
              </td>
              <td>{visible(detail)}</td>
              <td>
                <Link className={classes.word} href={`/threads/${threadId}`} title={threadId}>
                  {shortId(threadId)}
                </Link>
              </td>
              <td>{sequence === null ? "–" : <Link href={`/log?at=${sequence}`}>#{sequence}</Link>}</td>
            </tr>
          ))}
        </Table>
      )}
      {violations.length > mostShown ? (
        <details className={classes.report}>
          <summary>Report</summary>
          <JsonTree value={report} />
        </details>
      ) : null}
    </>
  )
}

const CheckCard = ({ work }: WorkProps) => {
  const { api } = usePage()
  const { begin, busy, cancel, problem, view } = useJob("check", "Check", work)
  const rules = useRead("invariants", (signal) => api.get<typeof InvariantList.Type>("/v1/invariants", {}, { signal }))
  const items = rules.value?.items ?? []
  const textOf = (id: string) => items.find((one) => one.id === id)?.text ?? ""
  return (
    <Card
      actions={
        view?.state === "running" ? (
          <CardButton disabled={busy} label="Cancel" run={cancel} />
        ) : (
          <CardButton disabled={busy} label="Check" run={() => begin({})} />
        )
      }
      note="the rules that the log and the rows keep"
      problem={problem ?? rules.problem}
      title={`Invariants${items.length === 0 ? "" : ` (${items.length})`}`}
    >
      {view === null ? (
        <Nothing>Nothing was checked in this run of the server.</Nothing>
      ) : (
        <Work view={view}>
          <Checked textOf={textOf} view={view} />
        </Work>
      )}
      <details className={classes.rules}>
        <summary>The rules that every log, every row and every step of the fold keeps</summary>
        <Table columns={["Rule", "About", "Severity"]} label="Invariants">
          {items.map(({ id, kind, severity, text }) => (
            <tr key={id}>
              <td>
                {text}
                <code className={classes.id}>{id}</code>
              </td>
              <td>{kind}</td>
              <td>
                <Chip tone={severity === "error" ? "failed" : "waiting"}>{severity}</Chip>
              </td>
            </tr>
          ))}
        </Table>
      </details>
    </Card>
  )
}

/** The comparison, the check and the rebuild. */
export const ChecksCards = () => {
  const work = useWork()
  return (
    <>
      <VerifyCard work={work} />
      <CheckCard work={work} />
      <RebuildCard work={work} />
    </>
  )
}
