/** The orchestrator with the real gateway over a real engine, and one thread of a real agent in it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Command, type InferenceView } from "@threadfold/contracts"
import { checkLog, mintId } from "@threadfold/core"
import { Engine, type EngineService, sha256, WorkReads } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { decodeRow } from "@threadfold/event-log"
import { type Agent, Agents, CurrentReaperPolicy, defaultLimits, Orchestrator } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import type { ProviderDriver } from "@threadfold/providers"
import { Context, Effect, Layer, Schedule, Schema, Stream } from "effect"
import { gatewayLive } from "../../src/gateway/GatewayServer.js"
import type { AgentGateway } from "../../src/gateway/Routes.js"
import { orchestrationLive, readSide } from "../../src/serve/graph.js"

const decode = Schema.decodeUnknownSync(Command)
export const threadId = mintId(sha256, 1_700_000_000_000, "thread of the gateway's test")

export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-gateway-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

const logOf = ({ log }: EngineService) =>
  Effect.map(Stream.runCollect(log.readAll({ streamId: threadId, after: 0, limit: 1_000 })), (rows) =>
    [...rows].map(decodeRow),
  )

/** The events of the thread in a database whose server has stopped. */
export const logIn = (file: string) =>
  Effect.scoped(Effect.flatMap(Layer.build(engineOn({ file })), (services) => logOf(Context.get(services, Engine))))

/** The services, with the calls of one agent going through the gateway. */
export const gatewayFixture = (
  driver: ProviderDriver,
  cwd: string,
  options: {
    readonly gateway?: Partial<AgentGateway>
    readonly secrets?: readonly string[]
    readonly settings?: Readonly<Record<string, unknown>>
    /** Of the database; one of its own unless set. */
    readonly file?: string
  } = {},
) =>
  Effect.gen(function* () {
    const agent: Agent = { name: "real", driver, model: null, settings: options.settings ?? {}, limits: defaultLimits }
    const file = options.file ?? join(yield* folder, "threadfold.db")
    const secrets = { values: options.secrets ?? [], onRedacted: () => undefined }
    const how = { upstream: null, env: {}, ...options.gateway }
    const services = yield* Layer.build(
      orchestrationLive().pipe(
        Layer.provideMerge(gatewayLive(new Map([[agent.name, how]]), secrets)),
        Layer.provideMerge(Layer.mergeAll(Agents.layer([agent]), CurrentReaperPolicy.layer())),
        Layer.provideMerge(WorkReads.layer),
        Layer.provideMerge(readSide(file)),
        Layer.provideMerge(engineOn({ file })),
      ),
    )
    const engine = Context.get(services, Engine)
    const orchestrator = Context.get(services, Orchestrator)
    const projections = Context.get(services, Projections)
    const dispatch = (command: object) => orchestrator.dispatch({ command: decode({ threadId, ...command }) })
    yield* dispatch({ type: "thread.create", agent: agent.name, provider: driver.provider, cwd })

    const snapshot = Effect.map(projections.threadSnapshot(threadId), (page) => page.snapshot)
    const eventually = <A>(look: Effect.Effect<A, unknown>, until: (value: A) => boolean) =>
      Effect.orDie(Effect.repeat(look, { until, schedule: Schedule.spaced("20 millis") }).pipe(Effect.zipRight(look)))
    const log = logOf(engine)

    return {
      engine,
      projections,
      send: (text: string) => dispatch({ type: "message.send", text }),
      interrupt: dispatch({ type: "turn.interrupt" }),
      snapshot,
      /** Waits until so many turns have ended. */
      ended: (count = 1) =>
        eventually(
          snapshot,
          ({ turns }) => turns.filter(({ settled, status }) => status === "ended" && settled).length === count,
        ),
      /** Waits until the attempts are as they should be. */
      attempts: (until: (attempts: readonly InferenceView[]) => boolean) =>
        Effect.map(
          eventually(snapshot, ({ inferences }) => until(inferences)),
          ({ inferences }) => inferences,
        ),
      /** Events of the gateway, in order. */
      gatewayEvents: Effect.map(log, (all) => all.filter(({ channel }) => channel === "gateway")),
      violations: Effect.map(log, (all) => checkLog(threadId, all)),
    }
  })
