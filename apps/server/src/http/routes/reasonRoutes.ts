/** Why a thread is as it is, and what it does. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { ExplainReport } from "@threadfold/contracts"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { beginningOf, boundedWhy, fitting } from "@threadfold/core/model"
import { WorkReads } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Agents, CurrentReaperPolicy, defaultLimits } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { ImportSettings } from "../../imports/ImportSettings.js"
import { type ExplainSettings, explain } from "../../offline/explain.js"
import { runJob } from "../../offline/runJob.js"
import type { Question } from "../../offline/why.js"
import { answer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

/** Threads that fold at the same time: each reads a whole stream. */
const folding = 2

interface Asked {
  readonly row?: string | undefined
  readonly field?: string | undefined
  readonly event?: string | undefined
}

/** Longest sentence and path of a fact, bytes: they quote what an agent says. */
const sentenceBytes = 1_024

/** The report, as far as it rides along. */
const shortened = (report: ExplainReport): ExplainReport => {
  const facts = report.facts.map(({ row, sentence, ...fact }) => ({
    ...fact,
    sentence: beginningOf(sentence, sentenceBytes),
    row: row === null ? null : beginningOf(row, sentenceBytes),
  }))
  const shown = facts.slice(0, fitting(facts))
  return { ...report, facts: shown, ...(shown.length < facts.length ? { more: true } : {}) }
}

const refused = (detail: string) => new Problem({ slug: "invalid-request", detail })

const questionOf = ({ event, field, row }: Asked): Effect.Effect<Question, Problem> => {
  if ((row === undefined) === (event === undefined)) return refused("Name a row with `row`, or an event with `event`.")
  if (event !== undefined) {
    return field === undefined ? Effect.succeed({ kind: "event", event }) : refused("`field` is of a row.")
  }
  if (row === undefined) return refused("Name a row.")
  return Effect.succeed({ kind: "row", path: field === undefined ? row : `${row}#${field}` })
}

export const reasonRoutes = HttpApiBuilder.group(Api, "reasons", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const work = yield* WorkReads
    const agents = yield* Agents
    const policy = yield* CurrentReaperPolicy
    const { directory } = yield* ImportSettings
    const { answerWith, ready, withProblems } = yield* readRoute
    const places = yield* Effect.makeSemaphore(folding)
    const file = databaseFile(directory)
    const settings: ExplainSettings = {
      policy,
      limitsOf: (name) => agents.all.find((agent) => agent.name === name)?.limits ?? defaultLimits,
      source: "the server",
    }
    return handlers
      .handle("why", ({ path: { threadId }, urlParams }) =>
        Effect.gen(function* () {
          const question = yield* questionOf(urlParams)
          yield* ready(urlParams)
          yield* projections.threadVersion(threadId)
          const options = { threadId, question, at: urlParams.at ?? null }
          const report = yield* places.withPermits(1)(runJob({ name: "why", file, options }, () => undefined))
          const [session] = (yield* projections.sessions(threadId, { limit: 1 })).items
          const place = { threadId, sessionId: session?.sessionId ?? null }
          return answer(boundedWhy(report, place), report.sequence)
        }).pipe(withProblems),
      )
      .handle("explain", ({ path: { threadId }, urlParams }) =>
        answerWith(
          urlParams,
          Effect.map(explain({ projections, openEffects: work.openEffects }, threadId, settings), shortened),
        ),
      )
  }),
)
