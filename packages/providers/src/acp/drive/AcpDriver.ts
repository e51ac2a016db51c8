/**
 * A live agent that speaks the Agent Client Protocol over stdio. Thin: it starts the process, shakes hands, and puts
 * orders into calls; what happened, the translator tells.
 */
import { Effect, Option, type Scope } from "effect"
import type {
  Capabilities,
  ConnectionLost,
  ConnectOptions,
  ProviderConnection,
  ProviderDriver,
} from "../../ProviderDriver.js"
import { connectionLost, howItEnded } from "../../process/LineTransport.js"
import { supervise } from "../../process/SupervisedProcess.js"
import { redactConnection } from "../../redaction/redactConnection.js"
import { makeAcpTranslator } from "../translate/AcpTranslator.js"
import { type AcpConfig, defaultAcpLimits } from "./AcpConfig.js"
import { makeThreads } from "./AcpThreads.js"
import { makeAcpConnection } from "./acpOperations.js"
import { shakeHands } from "./handshake.js"
import { makePeer, type Peer } from "./Peer.js"

/** What to do about an agent that does not come up. */
const advice = "Check by hand that its command starts an agent which speaks the Agent Client Protocol."

const connect = (
  config: AcpConfig,
  { cwd, marks }: ConnectOptions,
): Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = { ...defaultAcpLimits, ...config.limits }
    const { args = [], command, env = {}, inherit = [], name: provider } = config
    const where = cwd === undefined ? {} : { cwd }
    const own = { command, args, env, inherit, secrets: config.secrets }
    const child = yield* supervise({ provider, ...own, marks, graceMs: limits.graceMs, ...where })
    const { secrets } = child
    const threads = makeThreads()
    const peer: Peer = yield* makePeer({
      provider,
      process: child,
      translator: makeAcpTranslator({ provider, mode: "managed", secrets }),
      asked: (id, method, params) => threads.asked(peer, id, method, params),
      told: (method, params) => threads.told(peer, method, params),
    })
    const lost = (what: string): ConnectionLost => connectionLost(provider, child, what, advice)
    const handshake = yield* shakeHands(config, peer, lost).pipe(
      Effect.timeoutFail({
        duration: limits.startMs,
        onTimeout: () => lost(`The agent did not answer within ${limits.startMs} ms of its start.`),
      }),
      // Its own words for the end, with other advice: there is no session yet to start again.
      Effect.catchTag("ConnectionLost", (failure) =>
        Option.isNone(child.exited()) ? failure : lost(howItEnded(child)),
      ),
      Effect.tapError(() => child.stop),
    )
    const connection = makeAcpConnection({
      config,
      cwd,
      handshake,
      limits,
      peer,
      stop: child.stop,
      threads,
    })
    return redactConnection(connection, secrets)
  })

/** A driver for one agent; each connection is a process of its own. */
export const makeAcpDriver = (config: AcpConfig): ProviderDriver => {
  const capabilities: Capabilities = {
    "start-thread": true,
    // What this agent can do, it says when it shakes hands: one that can neither load nor resume fails the order.
    "resume-thread": true,
    "send-turn": true,
    steer: false,
    interrupt: true,
    answer: true,
    stop: true,
    sharesConnection: config.sharesConnection ?? true,
  }
  return { provider: config.name, capabilities, connect: (options) => connect(config, options) }
}
