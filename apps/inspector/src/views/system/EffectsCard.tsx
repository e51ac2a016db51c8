/** Calls to agents: what is on its way, and what failed or may have had an effect. */

import type { RequestDetail, TurnDetail } from "@threadfold/contracts"
import { Link } from "wouter"
import type { Page } from "../../api/Api.js"
import { useEvery, useRead } from "../../api/useRead.js"
import { visible } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { usePage } from "../../shell/PageContext.js"
import type { LogEvent } from "../log/logRows.js"
import { Card, Chip, Nothing, Table } from "./Card.js"

const most = 20
const pauseMs = 10_000

interface Waiting {
  readonly key: string
  readonly threadId: string
  readonly what: string
  readonly about: string
  readonly at: number | null
}

const textIn = (event: LogEvent, name: string): string => {
  const { payload } = event
  const value =
    typeof payload === "object" && payload !== null ? Object.entries(payload).find(([key]) => key === name) : undefined
  return typeof value?.[1] === "string" ? value[1] : ""
}

export const EffectsCard = () => {
  const { api } = usePage()
  const pending = useRead("pending", async (signal): Promise<readonly Waiting[]> => {
    const [turns, requests] = await Promise.all([
      api.get<Page<TurnDetail>>("/v1/turns", { status: "requested", limit: most }, { signal }),
      api.get<Page<RequestDetail>>("/v1/requests", { status: "answering", limit: most }, { signal }),
    ])
    return [
      ...turns.items.map(({ startedAt, text, threadId, turnId }) => ({
        key: turnId,
        threadId,
        what: "a message",
        about: visible(text ?? ""),
        at: startedAt,
      })),
      ...requests.items.map(({ decision, openedAt, requestId, threadId, title }) => ({
        key: requestId,
        threadId,
        what: "an answer",
        about: visible(`${decision ?? ""} · ${title ?? ""}`),
        at: openedAt,
      })),
    ]
  })
  const doubtful = useRead("doubtful", (signal) =>
    api.get<Page<LogEvent>>(
      "/v1/events",
      { types: ["effect.uncertain", "effect.failed"], order: "desc", limit: most },
      { signal },
    ),
  )
  useEvery(pauseMs, pending.again)
  useEvery(pauseMs, doubtful.again)
  const waiting = pending.value ?? []
  const ended = doubtful.value?.items ?? []
  return (
    <Card
      note="what agents were asked and have not taken yet, and what became of the others"
      problem={pending.problem ?? doubtful.problem}
      title="Effects"
    >
      {pending.value !== null && doubtful.value !== null && waiting.length + ended.length === 0 ? (
        <Nothing>Nothing is on its way, and nothing has failed.</Nothing>
      ) : (
        <Table columns={["State", "Call", "About", "Since", "Place"]} label="Effects">
          {waiting.map(({ about, at, key, threadId, what }) => (
            <tr key={key}>
              <td>
                <Chip tone="working">Pending</Chip>
              </td>
              <td>{what}</td>
              <td>{about}</td>
              <td>{at === null ? "–" : <Ago at={at} />}</td>
              <td>
                <Link href={`/threads/${threadId}`}>thread</Link>
              </td>
            </tr>
          ))}
          {ended.map((event) => (
            <tr key={event.sequence}>
              <td>
                <Chip tone={event.type === "effect.uncertain" ? "waiting" : "failed"}>
                  {event.type === "effect.uncertain" ? "Uncertain" : "Failed"}
                </Chip>
              </td>
              <td>{textIn(event, "effect")}</td>
              <td>{visible(textIn(event, "message"))}</td>
              <td>
                <Ago at={event.recordedAt} />
              </td>
              <td>
                <Link href={`/log?at=${event.sequence}`}>#{event.sequence}</Link>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  )
}
