/**
 * A live agent that speaks the Agent Client Protocol over stdio. Thin: it starts the process, shakes hands, and puts
 * orders into calls; what happened, the translator tells.
 */
import { Effect, Option, type Scope } from "effect"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../codex/read.js"
import type {
  Capabilities,
  ConnectionLost,
  ConnectOptions,
  Operation,
  ProviderConnection,
  ProviderDriver,
} from "../ProviderDriver.js"
import { connectionLost, howItEnded } from "../process/LineTransport.js"
import { type SupervisedProcess, supervise } from "../process/SupervisedProcess.js"
import { makeAcpConnection } from "./AcpConnection.js"
import { makeAcpTranslator } from "./AcpTranslator.js"
import { refusal } from "./decisions.js"
import { type Answered, makePeer, type Peer } from "./Peer.js"
import { methods, protocolVersion } from "./protocol.js"
import { makeThreads } from "./threads.js"

export interface AcpLimits {
  /** How long the agent may take to start and shake hands, ms. */
  readonly startMs: number
  /** How long a call may take that opens, configures or closes a session, ms. Loading a long history takes its time. */
  readonly answerMs: number
  /** How long its processes may take to end once they are asked to, ms. */
  readonly graceMs: number
}

export const defaultAcpLimits: AcpLimits = { startMs: 30_000, answerMs: 60_000, graceMs: 2_000 }

export interface AcpDriverConfig {
  /** Provider kind that the events tell, for example `acp` or `gemini`. */
  readonly name: string
  readonly command: string
  readonly args?: readonly string[]
  /** Variables that the agent's environment gets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of our own environment that are let through. */
  readonly inherit?: readonly string[]
  /** Model of every session that is not opened with another one, in the agent's words. */
  readonly model?: string
  /** Mode of every session that is not opened with another one, in the agent's words. */
  readonly mode?: string
  /** Login to use: the id of one of the agent's `authMethods`. Absent: the agent is logged in by its own means. */
  readonly authMethod?: string
  /**
   * How a stored session is opened again. `resume`, where the agent offers it; else, and with `load`, the agent repeats
   * the whole history first, which is logged and means nothing. Default: `resume`.
   */
  readonly reopenBy?: "resume" | "load"
  /** False: a process for each thread. Default: true, as the protocol has it. */
  readonly sharesConnection?: boolean
  readonly limits?: Partial<AcpLimits>
}

/** What we let an agent ask of us: questions. Files and terminals are its own affair; what a command prints is welcome. */
const clientCapabilities = {
  fs: { readTextFile: false, writeTextFile: false },
  terminal: false,
  elicitation: { form: {}, url: {} },
  _meta: { terminal_output: true },
}

/** What an agent says of itself when it shakes hands. */
export interface Handshake {
  readonly canLoad: boolean
  readonly canResume: boolean
  readonly canClose: boolean
  /** How one signs in, for messages. */
  readonly login: string
}

const loginOf = (answer: Fields): string => {
  const ways = hintArray(answer, "authMethods").flatMap((way) =>
    isFields(way)
      ? [`${hintText(way, "id") ?? "?"} (${hintText(way, "description") ?? hintText(way, "name") ?? ""})`]
      : [],
  )
  const own = "Sign in with the agent's own program"
  return ways.length === 0 ? `${own}.` : `${own}, or set authMethod of this provider to one of: ${ways.join("; ")}.`
}

const readHandshake = (answer: Fields): Handshake => {
  const capabilities = hintFields(answer, "agentCapabilities") ?? {}
  const session = hintFields(capabilities, "sessionCapabilities") ?? {}
  return {
    canLoad: capabilities.loadSession === true,
    canResume: isFields(session.resume),
    canClose: isFields(session.close),
    login: loginOf(answer),
  }
}

/** What to do about an agent that does not come up. */
const advice = "Check by hand that its command starts an agent which speaks the Agent Client Protocol."

/** Shakes hands, and signs in where the configuration says how. */
const shakeHands = (
  config: AcpDriverConfig,
  peer: Peer,
  lost: (what: string) => ConnectionLost,
): Effect.Effect<Handshake, ConnectionLost> =>
  Effect.gen(function* () {
    const ask = (method: string, params: Fields, login: string): Effect.Effect<Fields, ConnectionLost> =>
      Effect.flatMap(
        Effect.flatMap(peer.call(method, params), (sent) => sent.answer),
        (answered: Answered) =>
          answered.answer.ok
            ? Effect.succeed(isFields(answered.answer.result) ? answered.answer.result : {})
            : lost(`The agent refused ${method}: ${refusal(answered, login)}`),
      )
    const clientInfo = { name: "threadfold", title: "Threadfold", version: "0.1.0" }
    const answer = yield* ask(methods.initialize, { protocolVersion, clientCapabilities, clientInfo }, "")
    if (answer.protocolVersion !== protocolVersion) {
      const theirs = typeof answer.protocolVersion === "number" ? answer.protocolVersion : "unknown"
      return yield* lost(
        `The agent speaks version ${theirs} of the Agent Client Protocol, Threadfold version ${protocolVersion}. Update the agent.`,
      )
    }
    const handshake = readHandshake(answer)
    if (config.authMethod !== undefined) {
      yield* ask(methods.authenticate, { methodId: config.authMethod }, handshake.login)
    }
    return handshake
  })

const connect = (
  config: AcpDriverConfig,
  options: ConnectOptions,
): Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = { ...defaultAcpLimits, ...config.limits }
    const { args = [], command, env, inherit, name: provider } = config
    const process: SupervisedProcess = yield* supervise({
      provider,
      command,
      args,
      marks: options.marks,
      graceMs: limits.graceMs,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(env === undefined ? {} : { env }),
      ...(inherit === undefined ? {} : { inherit }),
    })
    const threads = makeThreads()
    const peer: Peer = yield* makePeer({
      provider,
      process,
      translator: makeAcpTranslator({ provider, mode: "managed", recordsClient: false }),
      asked: (id, method, params) => threads.asked(peer, id, method, params),
      told: (method, params) => threads.told(peer, method, params),
    })
    const lost = (what: string) => connectionLost(provider, process, what, advice)
    const handshake = yield* shakeHands(config, peer, lost).pipe(
      Effect.timeoutFail({
        duration: limits.startMs,
        onTimeout: () => lost(`The agent did not answer within ${limits.startMs} ms of its start.`),
      }),
      // Its own words for the end, with other advice: there is no session yet to start again.
      Effect.catchTag("ConnectionLost", (failure) =>
        Option.isNone(process.exited()) ? failure : lost(howItEnded(process)),
      ),
      Effect.tapError(() => process.stop),
    )
    return makeAcpConnection({ config, cwd: options.cwd, handshake, limits, peer, stop: process.stop, threads })
  })

/** A driver for one agent. */
export const makeAcpDriver = (config: AcpDriverConfig): ProviderDriver => {
  const able: Record<Operation, boolean> = {
    "start-thread": true,
    "resume-thread": true,
    "send-turn": true,
    steer: false,
    interrupt: true,
    answer: true,
    stop: true,
  }
  const capabilities: Capabilities = { ...able, sharesConnection: config.sharesConnection ?? true }
  return { provider: config.name, capabilities, connect: (options) => connect(config, options) }
}
