/**
 * The driver of an agent that speaks the Agent Client Protocol over stdio. It starts the process, does the handshake, and turns
 * operations into calls. Only the translator makes events.
 */
import { Effect, Option, type Scope } from "effect"
import { withAnthropicRoute } from "../../claude/drive/anthropicRoute.js"
import { allCapabilities } from "../../drive/AgentConfig.js"
import type {
  Capabilities,
  ConnectionLost,
  ConnectOptions,
  ModelRoute,
  ProviderConnection,
  ProviderDriver,
} from "../../ProviderDriver.js"
import { childEnvironment } from "../../process/childEnvironment.js"
import { connectionLost, howItEnded } from "../../process/LineTransport.js"
import { supervise } from "../../process/SupervisedProcess.js"
import { redactConnection } from "../../redaction/redactConnection.js"
import { makeAcpTranslator } from "../translate/AcpTranslator.js"
import { type AcpConfig, defaultAcpLimits } from "./AcpConfig.js"
import { makeThreads } from "./AcpThreads.js"
import { acpListNames } from "./acpLists.js"
import { makeAcpConnection } from "./acpOperations.js"
import type { PromptCapabilities } from "./acpPrompt.js"
import { shakeHands } from "./handshake.js"
import { makePeer, type Peer } from "./Peer.js"
import { acpSettings, type Offer, unknownChoices } from "./sessionSettings.js"

/** What a person can do when the agent does not start. */
const advice = "Check by hand that its command starts an agent which speaks the Agent Client Protocol."

/** What the configuration sets for the agent, with the route of its model calls in it. */
const routedEnvironment = (
  { callsAnthropic = false, inherit = [] }: AcpConfig,
  env: Readonly<Record<string, string>>,
  route: ModelRoute | undefined,
): Readonly<Record<string, string>> => {
  if (route === undefined) return env
  if (!callsAnthropic) return { ...env, ...route.environment }
  const { ANTHROPIC_BASE_URL } = childEnvironment(process.env, { inherit, env })
  return withAnthropicRoute(ANTHROPIC_BASE_URL === undefined ? env : { ...env, ANTHROPIC_BASE_URL }, route)
}

/** What the driver learns from its connections. */
interface Learn {
  readonly prompt: (prompt: PromptCapabilities) => void
  readonly offer: (offer: Offer) => void
}

const connect = (
  config: AcpConfig,
  { cwd, marks, route }: ConnectOptions,
  learn: Learn,
): Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = { ...defaultAcpLimits, ...config.limits }
    const { args = [], command, env = {}, inherit = [], name: provider } = config
    const where = cwd === undefined ? {} : { cwd }
    const own = { command, args, env: routedEnvironment(config, env, route), inherit, secrets: config.secrets }
    const child = yield* supervise({ provider, ...own, marks, graceMs: limits.graceMs, ...where })
    const { secrets } = child
    const threads = makeThreads()
    const peer: Peer = yield* makePeer({
      provider,
      process: child,
      translator: makeAcpTranslator({ provider, mode: "managed", secrets }),
      onRequest: (id, method, params) => threads.onRequest(peer, id, method, params),
      onNotification: (method, params) => threads.onNotification(peer, method, params),
    })
    const lost = (what: string): ConnectionLost => connectionLost(provider, child, what, advice)
    const handshake = yield* shakeHands(config, peer, lost).pipe(
      Effect.timeoutFail({
        duration: limits.startMs,
        onTimeout: () => lost(`The agent did not answer within ${limits.startMs} ms of its start.`),
      }),
      // The advice differs from that of a running session: there is no session yet to start again.
      Effect.catchTag("ConnectionLost", (failure) =>
        Option.isNone(child.exited()) ? failure : lost(howItEnded(child)),
      ),
      Effect.tapError(() => child.stop),
    )
    learn.prompt(handshake.prompt)
    const connection = makeAcpConnection({
      config,
      cwd,
      handshake,
      learn: learn.offer,
      limits,
      peer,
      stop: child.stop,
      threads,
    })
    return redactConnection(connection, secrets)
  })

/** Makes the driver of one agent. Each connection is a process of its own. */
export const makeAcpDriver = (config: AcpConfig): ProviderDriver => {
  // The agent reports in the handshake whether it can load or resume. If it can do neither, the operation fails.
  // Likewise whether it takes images: until its first handshake nobody knows, and a message with one is tried.
  let images: boolean | null = null
  // What a session lets a client choose, the first one shows.
  let configuration = unknownChoices
  const capabilities: Capabilities = {
    ...allCapabilities(config.sharesConnection ?? true, unknownChoices, acpListNames),
    steer: false,
    mentions: true,
    commands: true,
    get images() {
      return images ?? false
    },
    get unknown() {
      return images === null ? (["images"] as const) : []
    },
    get configuration() {
      return configuration
    },
  }
  const learn: Learn = {
    prompt: (prompt) => {
      images = prompt.image
    },
    offer: ({ choices }) => {
      configuration = choices
    },
  }
  return {
    provider: config.name,
    capabilities,
    settingsOf: acpSettings,
    listsNeedThread: true,
    connect: (options) => connect(config, options, learn),
  }
}
