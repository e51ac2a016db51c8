/**
 * The driver of the Claude agent, through its SDK, with one process for each thread. The SDK speaks the agent's protocol. We
 * start the process (process/), and every line between the two goes through the translator (ClaudeWire.ts).
 */
import { randomUUID } from "node:crypto"
import { resolve } from "node:path"
import { Deferred, Effect, FiberId, Scope } from "effect"
import { type AgentConfig, type AgentLimits, allCapabilities, defaultAgentLimits } from "../../drive/AgentConfig.js"
import { makeLiveEvents } from "../../drive/LiveEvents.js"
import {
  type CallPurpose,
  ConnectionLost,
  type ConnectOptions,
  type ForkThread,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderFailure,
  Refused,
  type ResumeThread,
  type StartThread,
  type ThreadOpened,
  TimedOut,
} from "../../ProviderDriver.js"
import { childEnvironment } from "../../process/childEnvironment.js"
import { connectionLost, howItEnded } from "../../process/LineTransport.js"
import { findProgram, isPath, notTrusted } from "../../process/programs.js"
import { type SupervisedProcess, supervise } from "../../process/SupervisedProcess.js"
import { untrustedFolders } from "../../process/untrustedFolders.js"
import { secretsOfAgent } from "../../redaction/Redactor.js"
import { redactConnection } from "../../redaction/redactConnection.js"
import type { Fields } from "../../runtime/readFields.js"
import { makeClaudeTranslator } from "../translate/ClaudeTranslator.js"
import { withAnthropicRoute } from "./anthropicRoute.js"
import { makeWire, type Wire } from "./ClaudeWire.js"
import { claudeListNames, claudeLists, makeClaudeNews } from "./claudeLists.js"
import {
  answer,
  compact,
  configure,
  interrupt,
  notStored,
  type OpenThread,
  rewind,
  sendTurn,
  steer,
  stopTask,
} from "./claudeOperations.js"
import { makePrompt } from "./Prompt.js"
import { makeQuestions } from "./Questions.js"
import { readSpawn, type Spawn } from "./readSpawn.js"
import { loadSdk, type Sdk, type SdkQuery } from "./Sdk.js"
import { SdkProcess } from "./SdkProcess.js"
import { placeBefore } from "./storedPlace.js"
import { claudeChoices, claudeSettings, refusedSettings, threadOptions } from "./threadOptions.js"

export interface ClaudeLimits extends AgentLimits {
  /** How often the agent retries a call of its model. Default: the agent's own, 10, which may take ten minutes. */
  readonly retries?: number
}

export interface ClaudeConfig extends AgentConfig {
  /**
   * The Claude Agent SDK: the folder of its package, or its entry module. Default: the SDK that is installed in the data
   * directory, among our own packages, or for all users.
   */
  readonly sdk?: string
  /** The program `claude`. Default: the program of the SDK. */
  readonly command?: string
  /** Our data directory, where the SDK may be installed. */
  readonly dataDirectory?: string
  /** Model of the threads that are opened without one, in the agent's words. */
  readonly model?: string
  /** Options of the SDK for every thread. The settings of a thread override them. */
  readonly settings?: Fields
  readonly limits?: ClaudeLimits
}

const provider = "claude"

/** What a person can do when the agent does not start. */
const advice = "Check the command, the environment and the settings of this provider."

const lost = (message: string): ConnectionLost => new ConnectionLost({ provider, message })

/** An operation that opens a thread. */
interface Opening {
  readonly operation: "start-thread" | "resume-thread" | "fork"
  readonly input: StartThread
  readonly nativeThreadId: string
  /** The session to resume. Undefined: a new session. */
  readonly resume: string | undefined
  /** The entry of that session from which it goes on. Absent: its last one. */
  readonly resumeAt?: string
  /** Our id of the first turn that is taken back with this start. */
  readonly rewoundFrom?: string
}

/** The configured program, as an option of the SDK. It is found here, because the SDK searches a bare name differently. */
const executableOf = (
  command: string | undefined,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Effect.Effect<Fields, ConnectionLost> =>
  Effect.suspend(() => {
    if (command === undefined) return Effect.succeed({})
    const { file, passedOver } = findProgram(command, { env, untrusted: untrustedFolders(cwd) })
    if (file !== null) return Effect.succeed({ pathToClaudeCodeExecutable: file })
    if (passedOver.length > 0) return lost(notTrusted(command, passedOver))
    // A path may name a script, which need not be executable. The SDK would search a bare name in the thread's folder.
    if (isPath(command)) return Effect.succeed({ pathToClaudeCodeExecutable: resolve(command) })
    return lost(`The command ${command} was not found. ${advice}`)
  })

/**
 * How a conversation is opened again. After a rewind it goes on from before the turn that was taken back; where nothing is before it, a
 * new conversation begins. Of a rewind that the log knows, the conversation may have been given up since: it is resumed as it is.
 */
const resuming = (
  env: Readonly<Record<string, string>>,
  { nativeSessionId, nativeThreadId, rewind }: ResumeThread,
): Effect.Effect<Pick<Opening, "nativeThreadId" | "resume" | "resumeAt" | "rewoundFrom">, Refused> =>
  Effect.gen(function* () {
    const resume = nativeSessionId ?? nativeThreadId
    if (rewind === undefined) return { nativeThreadId, resume }
    const { isRecorded, turnId } = rewind
    const place = yield* placeBefore(env, resume, turnId)
    if (place === null) {
      if (isRecorded) return { nativeThreadId, resume }
      return yield* new Refused({ provider, operation: "resume-thread", message: notStored(turnId) })
    }
    const told = isRecorded ? {} : { rewoundFrom: turnId }
    return place.before === null
      ? { nativeThreadId: randomUUID(), resume: undefined, ...told }
      : { nativeThreadId, resume, resumeAt: place.before, ...told }
  })

/** The entry of the stored conversation from which a fork of it goes on; null: its last one. */
const forking = (
  env: Readonly<Record<string, string>>,
  { nativeSessionId, nativeThreadId, nextTurnId }: ForkThread,
): Effect.Effect<string | null, Refused> =>
  Effect.gen(function* () {
    if (nextTurnId === null) return null
    const place = yield* placeBefore(env, nativeSessionId ?? nativeThreadId, nextTurnId)
    if (place !== null && place.before !== null) return place.before
    return yield* new Refused({ provider, operation: "fork", message: notStored(nextTurnId) })
  })

const connect = (
  config: ClaudeConfig,
  sdk: Sdk,
  { cwd: home, marks }: ConnectOptions,
): Effect.Effect<ProviderConnection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const { answerMs, graceMs, retries, startMs } = { ...defaultAgentLimits, ...config.limits }
    const questions = makeQuestions()
    const prompt = makePrompt()
    const news = makeClaudeNews()
    const observe = (message: Fields): void => {
      questions.observe(message)
      news.observe(message)
    }
    let opening: Opening | null = null
    let process: SupervisedProcess | null = null
    let thread: OpenThread | null = null
    let wasStopped = false

    const env = childEnvironment(globalThis.process.env, {
      inherit: config.inherit ?? [],
      env: { ...(retries === undefined ? {} : { CLAUDE_CODE_MAX_RETRIES: String(retries) }), ...config.env },
    })
    const secrets = secretsOfAgent(env, [], config.secrets)
    const translator = makeClaudeTranslator({ mode: "managed", secrets })
    const live = makeLiveEvents(translator)

    /** Begins the conversation. Meanwhile the SDK asks for its process. */
    const begin = (
      { input, nativeThreadId, operation, resume, resumeAt }: Opening,
      cwd: string,
      child: SdkProcess,
      executable: Fields,
    ) => {
      const spawn = Deferred.unsafeMake<Spawn, ConnectionLost>(FiberId.none)
      const settings = { ...config.settings, ...input.settings }
      const options = {
        ...threadOptions({ settings, model: input.model ?? config.model }),
        cwd,
        env: input.route === undefined ? env : withAnthropicRoute(env, input.route),
        ...(resume === undefined ? { sessionId: nativeThreadId } : { resume }),
        ...(operation === "fork" ? { sessionId: nativeThreadId, forkSession: true } : {}),
        ...(resumeAt === undefined ? {} : { resumeSessionAt: resumeAt }),
        ...executable,
        canUseTool: questions.canUseTool,
        onElicitation: questions.onElicitation,
        spawnClaudeCodeProcess: (wanted: unknown) => {
          Deferred.unsafeDone(spawn, readSpawn(wanted))
          return child
        },
      }
      return Effect.map(
        Effect.try({
          try: () => sdk.query({ prompt: prompt.messages, options }),
          catch: (error) => lost(`The agent could not be started: ${String(error)}. ${advice}`),
        }),
        (query) => ({ query, spawn: Deferred.await(spawn) }),
      )
    }

    /** Reads the SDK's messages and drops them, so that they do not fill our memory. The translator has had their lines. */
    const drain = async (query: SdkQuery): Promise<void> => {
      try {
        for await (const _ of query);
      } catch {
        // The exit of the process reports the same failure.
      } finally {
        prompt.end()
        query.close()
      }
    }

    const startProcess = (begun: Spawn, child: SdkProcess, about: Fields): Effect.Effect<Wire, ConnectionLost> =>
      Effect.gen(function* () {
        const started = yield* supervise({ provider, ...begun, marks, graceMs, secrets })
        process = started
        return yield* makeWire({ process: started, sdk: child, live, about, onMessage: observe })
      }).pipe(Scope.extend(scope))

    const open = (asked: Opening): Effect.Effect<ThreadOpened, ProviderFailure> =>
      Effect.gen(function* () {
        const { input, nativeThreadId, operation, resume } = asked
        const cwd = input.cwd ?? home ?? globalThis.process.cwd()
        const child = new SdkProcess()
        const executable = yield* executableOf(config.command, env, cwd)
        const { query, spawn } = yield* begin(asked, cwd, child, executable)
        void drain(query)
        const about = {
          threadId: nativeThreadId,
          resumed: resume !== undefined,
          ...(resume === undefined || resume === nativeThreadId || operation === "fork"
            ? {}
            : { nativeSessionId: resume }),
          cwd,
          ...(input.model === undefined ? {} : { model: input.model }),
          ...(asked.rewoundFrom === undefined ? {} : { rewoundFrom: asked.rewoundFrom }),
        }
        const wire = yield* Effect.flatMap(spawn, (begun) => startProcess(begun, child, about)).pipe(
          // The SDK waits for a process, and none will start.
          Effect.tapError(() => Effect.sync(() => child.over({ code: null, signal: null }))),
        )
        const began = yield* wire.began
        if (!began.ok) return yield* new Refused({ provider, operation, message: began.message })
        const { runningTurn } = translator
        thread = {
          nativeThreadId,
          sessionId: operation === "fork" ? nativeThreadId : (resume ?? nativeThreadId),
          env,
          wire,
          query,
          prompt,
          questions,
          runningTurn,
          answerMs,
        }
        return { nativeThreadId }
      }).pipe(
        Effect.timeoutFail({
          duration: startMs,
          onTimeout: () => new TimedOut({ provider, operation: asked.operation, afterMs: startMs }),
        }),
        Effect.catchTag("ConnectionLost", (failure) =>
          // The advice differs from that of a running session: there is no session yet to start again.
          process?.exited()._tag === "Some" ? connectionLost(provider, process, howItEnded(process), advice) : failure,
        ),
        Effect.tapError(() => stop),
      )

    const openOnce = (asked: Opening): Effect.Effect<ThreadOpened, ProviderFailure> =>
      Effect.suspend((): Effect.Effect<ThreadOpened, ProviderFailure> => {
        const { input, operation } = asked
        const gone = over()
        if (gone !== null) return gone
        if (opening !== null) {
          const message = `This connection serves the thread ${opening.nativeThreadId} already; open another one.`
          return new Refused({ provider, operation, message })
        }
        const [ours] = refusedSettings(input.settings ?? {}, "thread")
        if (ours !== undefined) {
          return new Refused({ provider, operation, message: `The setting ${ours} cannot be set; leave it out.` })
        }
        opening = asked
        return open(asked)
      })

    const over = (): ConnectionLost | null =>
      thread?.wire.lost() ??
      (process !== null && process.exited()._tag === "Some" ? connectionLost(provider, process) : null) ??
      (wasStopped ? lost("The connection was stopped. Open another one.") : null)

    /** Runs an operation on the thread that it names, if that thread is open here. */
    const named = <O extends { readonly nativeThreadId: string }, A>(
      operation: CallPurpose,
      run: (open: OpenThread, input: O) => Effect.Effect<A, ProviderFailure>,
    ) => {
      return (input: O): Effect.Effect<A, ProviderFailure> =>
        Effect.suspend((): Effect.Effect<A, ProviderFailure> => {
          const gone = over()
          if (gone !== null) return gone
          if (thread?.nativeThreadId === input.nativeThreadId) return run(thread, input)
          const message = `The thread ${input.nativeThreadId} is not open on this connection; start or resume it first.`
          return new Refused({ provider, operation, message })
        })
    }

    const stop: Effect.Effect<void> = Effect.suspend(() => {
      wasStopped = true
      if (process !== null) return process.stop
      live.finish()
      return Effect.void
    })
    yield* Effect.addFinalizer(() => stop)

    const connection: ProviderConnection = {
      events: live.events,
      reference: (nativeThreadId) => (opening?.nativeThreadId === nativeThreadId ? opening.input.threadId : null),
      startThread: (input: StartThread) =>
        Effect.suspend(() =>
          openOnce({ operation: "start-thread", input, nativeThreadId: randomUUID(), resume: undefined }),
        ),
      resumeThread: (input: ResumeThread) =>
        Effect.flatMap(resuming(env, input), (asked) => openOnce({ operation: "resume-thread", input, ...asked })),
      fork: (input: ForkThread) =>
        Effect.flatMap(forking(env, input), (resumeAt) =>
          openOnce({
            operation: "fork",
            input,
            nativeThreadId: randomUUID(),
            resume: input.nativeSessionId ?? input.nativeThreadId,
            ...(resumeAt === null ? {} : { resumeAt }),
          }),
        ),
      sendTurn: named("send-turn", sendTurn),
      steer: named("steer", steer),
      interrupt: named("interrupt", interrupt),
      answer: named("answer", answer),
      configure: named("configure", configure),
      rewind: named("rewind", rewind),
      lists: claudeLists(() => thread, news),
      listChanges: news.changes.of,
      compact: named("compact", compact),
      stopTask: named("stopTask", stopTask),
      closeThread: (nativeThreadId) =>
        Effect.suspend(() => (opening?.nativeThreadId === nativeThreadId ? stop : Effect.void)),
      stop,
    }
    return redactConnection(connection, secrets)
  })

/** Makes a driver. Each connection serves one thread, with a process of its own. */
export const makeClaudeDriver = (config: ClaudeConfig = {}): ProviderDriver => ({
  provider,
  capabilities: {
    ...allCapabilities(false, claudeChoices, claudeListNames),
    images: true,
    mentions: true,
    skills: true,
    commands: true,
    rewind: true,
    restoreFiles: true,
    compact: true,
    stopTask: true,
    fork: true,
  },
  settingsOf: claudeSettings,
  listsNeedThread: true,
  connect: (options) =>
    Effect.flatMap(loadSdk({ sdk: config.sdk, dataDirectory: config.dataDirectory, folder: options.cwd }), (sdk) =>
      connect(config, sdk, options),
    ),
})
