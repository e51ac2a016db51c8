/** Whether the service works, its figures, and the reaper of sessions. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api, type ReaperFindings } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { fitting } from "@threadfold/core/model"
import { Engine, type EngineService } from "@threadfold/engine"
import type { DiskSpace } from "@threadfold/event-log"
import { AttachedSessions, Reaper, type ReaperFinding } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { orProblem } from "../../problems/toProblem.js"
import { SearchReads } from "../../search/SearchReads.js"
import { Subscriptions } from "../../subscriptions/Subscriptions.js"
import { DirectReads } from "../direct/DirectReads.js"
import { ServerVersion } from "../HttpOptions.js"
import { Metrics } from "../Metrics.js"
import { answer, textAnswer } from "./jsonAnswer.js"

/** The files are those that were opened, and there is room to write. Reading goes on without either. */
const storageReady = (engine: EngineService): Effect.Effect<void, Problem> =>
  Effect.flatMap(engine.storage, ({ lost, space }) => {
    if (lost !== null) return new Problem({ slug: "storage-lost", detail: `${lost.found}.` })
    return space?.status === "full" ? new Problem({ slug: "disk-full", detail: fullDetail(space) }) : Effect.void
  })

const fullDetail = ({ freeBytes, minFreeBytes }: DiskSpace): string =>
  `The disk has ${freeBytes} bytes left; below ${minFreeBytes} nothing is written.`

export const healthRoutes = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const metrics = yield* Metrics
    const version = yield* ServerVersion
    const sessions = yield* AttachedSessions
    const subscriptions = yield* Subscriptions
    const searches = yield* SearchReads
    const alive = JSON.stringify({ status: "ok", version })
    return yield* (yield* DirectReads).take(
      ["livez"],
      handlers
        .handle("livez", () => Effect.succeed(textAnswer(alive, "application/json")))
        .handle("readyz", () =>
          Effect.zipRight(
            storageReady(engine),
            // The log's head is read from the database, not from memory.
            Effect.map(engine.log.head, (sequence) =>
              answer({ status: "ok", version, logId: engine.log.logId, sequence }, sequence),
            ),
          ).pipe(orProblem(engine)),
        )
        .handle("metrics", () =>
          Effect.gen(function* () {
            const storage = yield* engine.storage
            const followers = { subscriptions: yield* subscriptions.places, searched: searches.watermark() }
            return metrics.text(engine.log.published(), storage, sessions.submissions(), followers)
          }),
        ),
    )
  }),
)

/** What a sweep found, as far as an answer has room for it. */
const shown = (findings: readonly ReaperFinding[]): ReaperFindings => {
  const items = findings.slice(0, fitting(findings))
  return { items, ...(items.length < findings.length ? { more: true } : {}) }
}

export const reaperRoutes = HttpApiBuilder.group(Api, "reaper", (handlers) =>
  Effect.gen(function* () {
    const { lastSweep, sweep } = yield* Reaper
    const withProblems = orProblem(yield* Engine)
    return handlers
      .handle("findings", () => Effect.map(lastSweep, shown))
      .handle("sweep", () => withProblems(Effect.map(sweep, shown)))
  }),
)
