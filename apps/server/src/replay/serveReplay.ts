/**
 * A replay as a server: a recorded log over the same HTTP and streams as a server of agents, from a log that it fills itself. What is
 * replayed stays as it is, no agent runs, and nothing but the replay writes.
 */
import { Problem } from "@threadfold/contracts/problem"
import { Engine, WorkReads } from "@threadfold/engine"
import { acquireOwnership, databaseFile, removeDatabase } from "@threadfold/event-log"
import {
  AgentListings,
  AgentLogins,
  Agents,
  AgentUnknown,
  AttachedSessions,
  Blobs,
  BlobUnknown,
  CommandUnknown,
  Configurations,
  CurrentReaperPolicy,
  Messages,
  Orchestrator,
  Reaper,
  VoiceRuns,
} from "@threadfold/orchestrator"
import { VoiceRefused } from "@threadfold/providers"
import { Context, Effect, Layer, type Scope } from "effect"
import { type BoundServer, openHttpServer } from "../http/HttpServerLive.js"
import { version } from "../installed.js"
import { toProblem } from "../problems/toProblem.js"
import { readSide } from "../serve/graph.js"
import { temporaryDirectory } from "../temporaryDirectory.js"
import { Player, type PlayerOptions } from "./Player.js"
import { openReplaySource, type ReplaySource } from "./ReplaySource.js"

export interface ReplayOptions extends PlayerOptions {
  /** Path of a database file, of a data directory, or of a recording. */
  readonly path: string
  /** Port to listen on, 0: a free one. */
  readonly port: number
  /** Origins of UIs that may call, as browsers send them. */
  readonly allowedOrigins: readonly string[]
  /** Called once, when it listens. */
  readonly onListening: (
    bound: BoundServer & { readonly directory: string; readonly events: number },
  ) => Effect.Effect<void>
}

const refused = (detail: string) => new Problem({ slug: "replay-read-only", detail })

const noVoice = () => new VoiceRefused({ check: "transport", message: "A replay holds no conversations." })

/** Services that run agents, where none runs. Their calls are refused before they are reached. */
const noAgents = Layer.mergeAll(
  Agents.layer([]),
  AttachedSessions.layer,
  CurrentReaperPolicy.layer(),
  Layer.succeed(Orchestrator, {
    dispatch: () => Effect.die(refused("A replay takes no commands.")),
    effectsOf: (commandId) => new CommandUnknown({ commandId }),
    isRemembered: () => Effect.succeed(false),
  }),
  Layer.succeed(Messages, { prepare: () => Effect.die(refused("A replay takes no messages.")) }),
  Layer.succeed(AgentListings, {
    isRunning: () => false,
    forget: () => undefined,
    lastModels: () => [],
    read: (name) => new AgentUnknown({ name, known: [] }),
  }),
  Layer.succeed(AgentLogins, {
    start: (name) => new AgentUnknown({ name, known: [] }),
    get: (name) => new AgentUnknown({ name, known: [] }),
    cancel: (name) => new AgentUnknown({ name, known: [] }),
  }),
  Layer.succeed(Configurations, { settingsOf: () => Effect.die(refused("A replay takes no choices.")) }),
  Layer.succeed(VoiceRuns, {
    start: noVoice,
    appendText: noVoice,
    appendAudio: noVoice,
    speak: noVoice,
    stop: () => Effect.succeed(null),
    voices: noVoice,
    hear: () => () => undefined,
    look: () => Effect.void,
  }),
  Layer.succeed(Reaper, { lastSweep: Effect.succeed([]), sweep: Effect.succeed([]) }),
)

/** Blobs of what is replayed; none is stored. */
const blobsOf = ({ blob }: ReplaySource) =>
  Layer.succeed(Blobs, {
    store: () => Effect.die(refused("A replay stores no blobs.")),
    find: () => Effect.succeed(null),
    read: (hash) =>
      Effect.suspend(() => {
        const found = blob(hash)
        return found === null ? new BlobUnknown({ hash }) : Effect.succeed(found)
      }),
  })

const reads = new Set(["GET", "HEAD", "OPTIONS"])

/** What a call that would change something is refused with; null: it may pass. */
const refusal = (method: string, path: string): Pick<Problem, "slug" | "detail"> | null =>
  reads.has(method) || path === "/v1/replay" || path.startsWith("/v1/page/")
    ? null
    : { slug: "replay-read-only", detail: `${method} ${path} would change something.` }

/** Serves a replay until it is interrupted. Fails with what the source, the port or the log fail with. */
export const serveReplay = (options: ReplayOptions): Effect.Effect<never, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const source = yield* openReplaySource(options.path)
    const { directory } = yield* acquireOwnership(yield* temporaryDirectory, { version })
    const file = databaseFile(directory)
    const player = new Player(source, options)
    let port = options.port
    let isFirst = true
    /** One log: from its first event until it is to begin anew. */
    const round = Effect.gen(function* () {
      removeDatabase(file)
      const services = yield* Layer.build(
        Layer.mergeAll(noAgents, blobsOf(source), WorkReads.layer).pipe(
          Layer.provideMerge(readSide(file)),
          Layer.provideMerge(Engine.layerWorker({ file })),
        ),
      )
      const bound = yield* openHttpServer({
        dataDir: directory,
        version,
        port,
        allowedOrigins: options.allowedOrigins,
        accessLog: null,
        replay: { view: player.view, control: (body) => player.control(body) },
        refuse: refusal,
      }).pipe(Effect.provide(services))
      port = bound.port
      if (isFirst) yield* options.onListening({ ...bound, directory, events: source.events })
      isFirst = false
      yield* player.run(Context.get(services, Engine))
    }).pipe(Effect.scoped)
    return yield* Effect.forever(round)
  }).pipe(Effect.mapError(toProblem))
