/** The driver of a live Codex: `codex app-server` over stdio, one process for any number of threads. */
import { Clock, Effect, Fiber } from "effect"
import { type AgentConfig, allCapabilities, defaultAgentLimits } from "../../drive/AgentConfig.js"
import { makeListChanges } from "../../drive/AgentLists.js"
import { makeLiveEvents } from "../../drive/LiveEvents.js"
import type { ConnectionLost, ProviderDriver } from "../../ProviderDriver.js"
import { childEnvironment } from "../../process/childEnvironment.js"
import { connectionLost, howItEnded, makeLineTransport } from "../../process/LineTransport.js"
import { supervise } from "../../process/SupervisedProcess.js"
import { redactConnection } from "../../redaction/redactConnection.js"
import { spawnLine } from "../../wire/liveLines.js"
import { makeCodexTranslator } from "../translate/CodexTranslator.js"
import { makeCalls } from "./CodexCalls.js"
import { codexChoices, codexSettings } from "./codexConfiguration.js"
import { makeImageFiles } from "./codexInput.js"
import { codexListNames } from "./codexLists.js"
import { makeLogins } from "./codexLogin.js"
import { makeOperations } from "./codexOperations.js"
import { makeHeldLines } from "./HeldLines.js"
import { makeLiveThreads } from "./LiveThreads.js"
import { readUntilGone } from "./readUntilGone.js"

export interface CodexConfig extends AgentConfig {
  /** The program. Default: `codex`. */
  readonly command?: string
  /** Its arguments. Default: `["app-server"]`. */
  readonly args?: readonly string[]
  /** Version of this program, sent to Codex. */
  readonly clientVersion?: string
}

const provider = "codex"

/** What a person can do when Codex does not start. */
const advice = "Check the command of this provider by hand, and that its version is 0.169 or near it."

/** Makes a driver. Each connection is a process of its own. */
export const makeCodexDriver = (config: CodexConfig = {}): ProviderDriver => {
  const { command = "codex", args = ["app-server"], clientVersion = "0", env = {}, inherit = [] } = config
  const { answerMs, graceMs, startMs } = { ...defaultAgentLimits, ...config.limits }

  const connect: ProviderDriver["connect"] = ({ cwd, marks }) =>
    Effect.gen(function* () {
      const where = cwd === undefined ? {} : { cwd }
      const own = { command, args, env, inherit, secrets: config.secrets }
      const process = yield* supervise({ provider, ...own, marks, graceMs, ...where })
      const { secrets } = process
      const environment = childEnvironment(globalThis.process.env, { env, inherit })
      const transport = yield* makeLineTransport(process, { provider })
      const live = makeLiveEvents(makeCodexTranslator({ mode: "managed", secrets }))
      const calls = makeCalls(transport, live.push)
      const threads = makeLiveThreads()
      const changes = makeListChanges()
      const logins = makeLogins()
      const held = makeHeldLines(live.push)

      live.push(spawnLine(yield* Clock.currentTimeMillis, process))
      const reader = yield* Effect.forkDaemon(
        readUntilGone({ process, transport, live, calls, changes, logins, threads, held }),
      )
      yield* Effect.addFinalizer(() => Effect.zipRight(process.stop, Fiber.await(reader)))

      const failed = (what: string): ConnectionLost => connectionLost(provider, process, what, advice)
      const handshake = Effect.gen(function* () {
        const { answer } = yield* calls.call("start-thread", "initialize", {
          clientInfo: { name: "threadfold", title: "Threadfold", version: clientVersion },
          capabilities: { experimentalApi: true },
        })
        yield* answer
        yield* calls.send({ method: "initialized" })
      })
      yield* handshake.pipe(
        Effect.timeoutFail({
          duration: startMs,
          onTimeout: () => failed(`The agent did not answer within ${startMs} ms.`),
        }),
        Effect.catchTag("Refused", ({ message }) => failed(`The agent refused the handshake: ${message}.`)),
        Effect.catchTag("ConnectionLost", (lost) =>
          // The advice differs from that of a running session: there is no session yet to start again.
          process.exited()._tag === "None" ? lost : failed(howItEnded(process)),
        ),
        Effect.tapError(() => process.stop),
      )

      const images = yield* makeImageFiles
      const operations = makeOperations({ calls, changes, logins, threads, held, answerMs, environment, images })
      const { reference } = threads
      return redactConnection({ events: live.events, reference, ...operations, stop: process.stop }, secrets)
    })

  const capabilities = {
    ...allCapabilities(true, codexChoices, codexListNames),
    images: true,
    mentions: true,
    skills: true,
    rewind: true,
    compact: true,
    review: true,
    stopTask: true,
    fork: true,
  }
  return { provider, capabilities, settingsOf: codexSettings, hasVoice: true, connect }
}
