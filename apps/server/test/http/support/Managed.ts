/** A thread of ours, and an agent in it that says what a test wants: its events go straight to the engine. */
import { type NativeRef, Receipt } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { Engine, sha256, WorkReads } from "@threadfold/engine"
import { Effect } from "effect"
import { testAgent } from "./TestOrchestration.js"
import { callAs } from "./TestServer.js"

const json = (method: string, body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method,
  headers: { ...headers, "content-type": "application/json" },
  body: JSON.stringify(body),
})

/** A command that is expected to be accepted. */
export const command = (
  method: string,
  path: string,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
) => callAs(Receipt, path, json(method, body, headers))

/** Ends the calls to the agent that nothing delivers here. */
export const retireAll = (threadId: string) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const reads = yield* WorkReads
    const effects = (yield* reads.openEffects(threadId)).map(({ effectId }) => ({
      effectId,
      from: "pending" as const,
      patch: { status: "retired" as const, endedAt: 1 },
    }))
    yield* engine.submit({ drafts: [], effects })
  }).pipe(Effect.orDie)

/** What an agent says in the session of a thread. */
export interface ManagedThread {
  readonly threadId: string
  readonly sessionId: string
  /** The next event of its session. */
  readonly says: (
    type: string,
    payload: unknown,
    native?: NativeRef | null,
    turnId?: string,
  ) => Effect.Effect<void, never, Engine>
}

/** Makes a thread over HTTP. */
export const makeThread = Effect.map(command("POST", "/v1/threads", { agent: testAgent.name }), ({ body }) => {
  const { threadId } = body
  const sessionId = mintId(sha256, 1_700_000_000_000, `session of ${threadId}`)
  let seq = 0
  const thread: ManagedThread = {
    threadId,
    sessionId,
    says: (type, payload, native = null, turnId) =>
      Effect.gen(function* () {
        const engine = yield* Engine
        seq += 1
        const ids = turnId === undefined ? {} : { turnId }
        const event = { type, payload, native, channel: "agent", seq, at: 1_700_000_000_000 + seq, ...ids }
        yield* Effect.orDie(
          engine.submit({ drafts: [{ to: { streamId: threadId }, sessionId, actor: "provider", event }] }),
        )
      }),
  }
  return thread
})

/** A thread whose agent runs a turn, has asked whether it may do something, and has two messages waiting. */
export const busyThread = Effect.gen(function* () {
  const thread = yield* makeThread
  const { threadId } = thread
  const { body: sent } = yield* command("POST", `/v1/threads/${threadId}/messages`, { text: "Hello" })
  const turnId = sent.turnId ?? ""
  yield* thread.says("session.started", { provider: "test", mode: "managed" })
  yield* thread.says("turn.accepted", {}, { turnId: "t1" }, turnId)
  yield* thread.says("turn.started", {}, { turnId: "t1" })
  yield* thread.says("request.opened", { kind: "command_approval", title: "rm" }, { turnId: "t1", requestId: "0" })
  const queued = yield* Effect.forEach(["One", "Two"], (text) =>
    command("POST", `/v1/threads/${threadId}/messages`, { text, mode: "queue" }),
  )
  return { ...thread, turnId, messageIds: queued.map(({ body }) => body.messageId ?? "") }
})
