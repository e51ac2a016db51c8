/** The agents: what is installed, who is signed in, what each can do, and how much of it is left. */
import type { AgentAccountState, AgentDetail, AgentList, AgentRateLimits } from "@threadfold/contracts/api"
import { useState } from "react"
import { isProblemOf } from "../../api/Api.js"
import { useRead } from "../../api/useRead.js"
import { entryOf, fullTime } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { usePage } from "../../shell/PageContext.js"
import classes from "./AgentsCard.module.css"
import { Card, CardButton, Chip, Nothing } from "./Card.js"

const statuses: Readonly<Record<string, { readonly tone: string; readonly label: string }>> = {
  ok: { tone: "done", label: "Installed" },
  missing: { tone: "quiet", label: "Not installed" },
  problem: { tone: "failed", label: "Problem" },
}

/** What an agent can do, as words of its capability record: `send turn, stop task`. How its process is shared is nothing that it does. */
const canDo = ({ capabilities }: AgentDetail): string =>
  Object.entries(capabilities ?? {})
    .flatMap(([name, can]) => (can === true && name !== "sharesConnection" ? [name] : []))
    .map((name) => name.replace(/-|(?=[A-Z])/g, " ").toLowerCase())
    .join(", ")

/** A list of an agent; one that it does not have is null. */
const listOf = <A,>(read: Promise<A>): Promise<A | null> =>
  read.catch((error: unknown) => {
    if (isProblemOf(error, "unsupported")) return null
    throw error
  })

const signIn = (signedIn: boolean | null): { readonly tone: string; readonly label: string } | null => {
  if (signedIn === null) return null
  return signedIn ? { tone: "done", label: "Signed in" } : { tone: "waiting", label: "Signed out" }
}

const Agent = ({ name }: { name: string }) => {
  const { api } = usePage()
  const path = `/v1/agents/${encodeURIComponent(name)}`
  const detail = useRead(path, (signal) => api.get<AgentDetail>(path, {}, { signal }))
  const lists = detail.value?.capabilities?.lists ?? []
  const hasAccount = lists.includes("account")
  const hasLimits = lists.includes("limits")
  // Above 0 the agent itself is asked, and is started for that.
  const [asked, setAsked] = useState(0)
  const query = asked > 0 ? { refresh: true } : {}
  const account = useRead(hasAccount ? `${path}/account ${asked}` : null, (signal) =>
    listOf(api.get<typeof AgentAccountState.Type>(`${path}/account`, query, { signal })),
  )
  const limits = useRead(hasLimits ? `${path}/limits ${asked}` : null, (signal) =>
    listOf(api.get<typeof AgentRateLimits.Type>(`${path}/limits`, query, { signal })),
  )
  const agent = detail.value
  if (agent === null) return <p className={classes.agent}>{detail.problem?.message ?? `Asking ${name}…`}</p>
  const status = entryOf(statuses, agent.installation?.status ?? "")
  const who = account.value?.account
  const signed = signIn(who?.signedIn ?? agent.signedIn)
  const accountWords = [who?.email, who?.kind, who?.plan, who?.organization].filter((one) => one != null).join(" · ")
  const refusal = account.problem ?? limits.problem
  return (
    <article className={classes.agent} data-testid="agent">
      <h3 className={classes.name}>
        {agent.name}
        <span className={classes.kind}>{agent.kind}</span>
        {status === undefined ? null : <Chip tone={status.tone}>{status.label}</Chip>}
        {agent.running ? <Chip tone="working">Running</Chip> : null}
        {signed === null ? null : <Chip tone={signed.tone}>{signed.label}</Chip>}
        {hasAccount || hasLimits ? (
          <span className={classes.ask}>
            <CardButton
              disabled={account.busy || limits.busy}
              label={account.busy || limits.busy ? "Asking…" : "Ask the agent"}
              run={() => setAsked(asked + 1)}
            />
          </span>
        ) : null}
      </h3>
      <dl className={classes.facts}>
        <div>
          <dt>Version</dt>
          <dd>{agent.installation?.version ?? "not known"}</dd>
        </div>
        {agent.installation?.path == null ? null : (
          <div>
            <dt>Program</dt>
            <dd>
              <code>{agent.installation.path}</code>
            </dd>
          </div>
        )}
        {agent.model === null ? null : (
          <div>
            <dt>Model</dt>
            <dd>{agent.model}</dd>
          </div>
        )}
        {accountWords === "" ? null : (
          <div>
            <dt>Account</dt>
            <dd>{accountWords}</dd>
          </div>
        )}
        {agent.installation == null || agent.installation.status === "ok" ? null : (
          <div>
            <dt>Found</dt>
            <dd>{agent.installation.detail}</dd>
          </div>
        )}
        {agent.installation?.next == null ? null : (
          <div>
            <dt>Next</dt>
            <dd>
              <code>{agent.installation.next}</code>
            </dd>
          </div>
        )}
        <div>
          <dt>Can</dt>
          <dd>{canDo(agent) || "–"}</dd>
        </div>
      </dl>
      {refusal === null ? null : (
        <p className={classes.refusal} role="alert">
          {refusal.title}. {refusal.detail} {refusal.next}
        </p>
      )}
      {limits.value === null || limits.value.items.length === 0 ? null : (
        <ul aria-label="Limits" className={classes.limits}>
          {limits.value.items.map(({ limit, resetsAt, usedPercent }) => (
            <li className={classes.limit} key={limit}>
              <span>{limit}</span>
              <meter aria-label={`${limit}, used`} high={80} max={100} min={0} value={usedPercent ?? 0} />
              <span>{usedPercent === null ? "not known" : `${Math.round(usedPercent)} % used`}</span>
              {resetsAt === null ? null : <span title={fullTime(resetsAt)}>until {fullTime(resetsAt)}</span>}
            </li>
          ))}
          {limits.value.asOf === null ? null : (
            <li className={classes.asOf}>
              as of <Ago at={limits.value.asOf} />
            </li>
          )}
        </ul>
      )}
    </article>
  )
}

export const AgentsCard = () => {
  const { api } = usePage()
  const list = useRead("agents", (signal) => api.get<typeof AgentList.Type>("/v1/agents", {}, { signal }))
  return (
    <Card
      actions={<CardButton disabled={list.busy} label="Read again" run={list.again} />}
      problem={list.problem}
      title="Agents"
    >
      {list.value?.items.length === 0 ? (
        <Nothing>
          No agent is configured. <code>threadfold doctor</code> says how to get one.
        </Nothing>
      ) : (
        <div className={classes.agents}>
          {list.value?.items.map(({ name }) => (
            <Agent key={name} name={name} />
          ))}
        </div>
      )}
    </Card>
  )
}
