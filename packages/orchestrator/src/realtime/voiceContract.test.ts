/** Both transports of voice conversations keep one contract: the agent's, with the real Codex, and the direct one. */
import { AgentVoice, DirectVoice, directVoiceLive, makeCodexDriver } from "@threadfold/providers"
import { type VoicePeer, voiceContract } from "@threadfold/providers/testing"
import { codexHome, installedAgent, OpenAi, type RealtimeServer, realtimeServer } from "@threadfold/testkit"
import { Context, Effect, Layer } from "effect"
import { id, OrchestratorFixture } from "../../test/OrchestratorFixture.js"
import { agentVoiceLive } from "./AgentVoiceLive.js"

const known = { voice: "marin", version: "v2" } as const

const peerOf = (server: RealtimeServer): VoicePeer => {
  const at = server.socket
  return {
    gotText: (connection, text) =>
      Effect.flatMap(at(connection), (socket) => socket.until(({ texts }) => texts.some((one) => one.includes(text)))),
    gotAudio: (connection) =>
      Effect.flatMap(at(connection), (socket) => socket.until((one) => one.of("input_audio_buffer.append").length > 0)),
    gone: (connection) => Effect.flatMap(at(connection), (socket) => socket.gone),
    cutForGood: (connection) =>
      Effect.map(at(connection), (socket) => {
        server.behaviour.refuses = 401
        socket.cut()
      }),
    connections: () => server.sockets().length,
  }
}

voiceContract({
  title: "direct",
  skipped: null,
  open: Effect.gen(function* () {
    const server = yield* realtimeServer
    const layer = directVoiceLive({ baseUrl: server.baseUrl, apiKey: "mock-key-of-the-test" })
    const transport = Context.get(yield* Layer.build(layer), DirectVoice)
    return { transport, threadId: id("thread"), peer: peerOf(server), known }
  }),
})

const codex = installedAgent("codex")

voiceContract({
  title: "the real Codex",
  skipped: codex.installed ? null : codex.reason,
  open: Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const server = yield* realtimeServer
    const model = yield* OpenAi.server()
    const { cwd, env } = yield* codexHome({ baseUrl: model.baseUrl, more: 'experimental_bearer_token = "mock-key"' })
    const args = [...codex.args, "app-server", "-c", `experimental_realtime_ws_base_url="${server.origin}"`]
    let transport: AgentVoice["Type"] | null = null
    // The transport as the services of the fixture make it.
    const agentVoice = Layer.tap(agentVoiceLive, (built) =>
      Effect.sync(() => {
        transport = Context.get(built, AgentVoice)
      }),
    )
    const driver = makeCodexDriver({ command: codex.command, args, env })
    const of = new OrchestratorFixture({ driver, parts: { agentVoice } })
    yield* of.open()
    yield* of.createThread(id("thread"), cwd)
    if (transport === null) return yield* Effect.dieMessage("the transport was not made")
    return { transport, threadId: id("thread"), peer: peerOf(server), known }
  }),
})
