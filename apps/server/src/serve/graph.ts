/**
 * The services below the HTTP server on one page, and what stands on what. A line needs what stands below it, is built after it and
 * closed before it: the agents end before the log.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Engine, WorkReads } from "@threadfold/engine"
import {
  type Agent,
  Agents,
  AttachedSettings,
  CurrentReaperPolicy,
  defaultAttachedSettings,
  MessageLimits,
  type OrchestrationParts,
  Orchestrator,
  orchestration,
} from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { directVoiceLive } from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import type { ConfigFile } from "../config/ConfigFile.js"
import { wholeEnvironment } from "../config/Environment.js"
import { realtimeModel } from "../config/realtimeModel.js"
import { redactionKey, type ServerSecrets } from "../config/ServerSecrets.js"
import { gatewayLive } from "../gateway/GatewayServer.js"
import type { GatewaySettings } from "../gateway/Routes.js"
import { observedAgents, withObservedEngine, withObservedOrchestrator } from "../telemetry/observedServices.js"

/**
 * Queries over a database file, and their client, which cannot write. Built after the engine has opened the file: a client that only
 * reads makes no tables.
 */
export const readSide = (file: string): Layer.Layer<Projections | SqlClient.SqlClient> =>
  Layer.merge(
    Projections.layer(file),
    // `disableWAL` leaves the journal mode alone: asking for WAL is a write.
    Layer.orDie(SqliteClient.layer({ filename: file, readonly: true, disableWAL: true })),
  )

/** What opens the writer: a thread for it, where nothing else is given. Tests give one that works in the thread that calls. */
export class EngineStarter extends Context.Reference<EngineStarter>()("@threadfold/server/EngineStarter", {
  defaultValue: (): { readonly open: typeof Engine.layerWorker } => ({ open: Engine.layerWorker }),
}) {}

/** The log of a file, its writer and what reads it. */
const storageLive = (file: string, { storage = {} }: ConfigFile, secrets: ServerSecrets) =>
  WorkReads.layer.pipe(
    Layer.provideMerge(readSide(file)),
    Layer.provideMerge(
      // Before any agent runs, its secrets are replaced under the key of this log.
      Layer.tap(withObservedEngine(openWriter({ file, disk: storage })), (built) =>
        Effect.map(redactionKey(Context.get(built, Engine)), (key) => {
          secrets.idKey = key
        }),
      ),
    ),
  )

/** The writer as it is to be opened. */
const openWriter = (options: Parameters<typeof Engine.layerWorker>[0]) =>
  Layer.unwrapEffect(Effect.map(EngineStarter, ({ open }) => open(options)))

/** The services that run agents, observed. A test puts others in the place of some. */
export const orchestrationLive = (others: OrchestrationParts = {}) =>
  orchestration({ orchestrator: withObservedOrchestrator(Orchestrator.layer), ...others })

/** Everything below the HTTP server, over one database file. */
export const servicesLive = (
  file: string,
  agents: readonly Agent[],
  config: ConfigFile,
  secrets: ServerSecrets,
  gateway: GatewaySettings = new Map(),
) =>
  orchestrationLive({
    directVoice: directVoiceLive(realtimeModel(config.realtime ?? {}, wholeEnvironment(), secrets)),
  }).pipe(
    Layer.provideMerge(gatewayLive(gateway, secrets)),
    Layer.provide(Layer.succeed(AttachedSettings, { ...defaultAttachedSettings, secrets })),
    Layer.provideMerge(Layer.merge(Agents.layer(observedAgents(agents)), CurrentReaperPolicy.layer(config.reaper))),
    Layer.provideMerge(storageLive(file, config, secrets)),
    Layer.provideMerge(MessageLimits.layer(config.messages)),
  )
