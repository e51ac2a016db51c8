/**
 * The driver of an agent that speaks the Agent Client Protocol over stdio. It starts the process, does the handshake, and turns
 * operations into calls. Only the translator makes events.
 */
import { Effect, Option, type Scope } from "effect"
import { allCapabilities } from "../../drive/AgentConfig.js"
import type { ConnectionLost, ConnectOptions, ProviderConnection, ProviderDriver } from "../../ProviderDriver.js"
import { connectionLost, howItEnded } from "../../process/LineTransport.js"
import { supervise } from "../../process/SupervisedProcess.js"
import { redactConnection } from "../../redaction/redactConnection.js"
import { makeAcpTranslator } from "../translate/AcpTranslator.js"
import { type AcpConfig, defaultAcpLimits } from "./AcpConfig.js"
import { makeThreads } from "./AcpThreads.js"
import { makeAcpConnection } from "./acpOperations.js"
import { shakeHands } from "./handshake.js"
import { makePeer, type Peer } from "./Peer.js"

/** What a person can do when the agent does not start. */
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

/** Makes the driver of one agent. Each connection is a process of its own. */
export const makeAcpDriver = (config: AcpConfig): ProviderDriver => {
  // The agent reports in the handshake whether it can load or resume. If it can do neither, the operation fails.
  const capabilities = { ...allCapabilities(config.sharesConnection ?? true), steer: false }
  return { provider: config.name, capabilities, connect: (options) => connect(config, options) }
}
