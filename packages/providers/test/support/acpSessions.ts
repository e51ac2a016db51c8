/** Sessions of the driver with the reference agent, for tests of its life cycle. */
import { Effect } from "effect"
import type { AcpConfig } from "../../src/acp/drive/AcpConfig.js"
import { markedProcesses } from "../../src/process/marks.js"
import { ofType, type Watched } from "../../src/testing/Watched.js"
import { type AgentScript, type AgentStep, connected, marks } from "./acpAgent.js"

export const ours = "0199aaaa-0000-7000-8000-000000000001"
export const turnId = "0199bbbb-0000-7000-8000-000000000001"
export const left = markedProcesses("THREADFOLD_ACP", marks.THREADFOLD_ACP)

export const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

/** The final texts of the agent's messages, from one event on. */
export const said = (watched: Watched, from = 0): readonly unknown[] =>
  watched
    .all()
    .slice(from)
    .filter(ofType("item.completed"))
    .filter(({ event }) => member(event.payload, "kind") === "agent_message")
    .map(({ event }) => member(event.payload, "text"))

/** With a session open; `turn` runs the next turn to its end and gives how it ended and what was said in it. */
export const opened = (script: AgentScript, config?: Partial<AcpConfig>, settings?: Record<string, unknown>) =>
  Effect.gen(function* () {
    const { connection, watched } = yield* connected(script, config)
    const input = { threadId: ours, cwd: "/w", ...(settings === undefined ? {} : { settings }) }
    const { nativeThreadId } = yield* connection.startThread(input)
    const send = (more: object = {}) => connection.sendTurn({ nativeThreadId, turnId, text: "go", ...more })
    const turn = (more?: object) =>
      Effect.gen(function* () {
        const before = watched.all().length
        yield* send(more)
        const { event } = yield* watched.until(ofType("turn.completed"), before)
        return { ended: event.payload, words: said(watched, before) }
      })
    return { connection, watched, nativeThreadId, send, turn }
  })

export const one = (...steps: readonly AgentStep[]): AgentScript => ({ turns: [steps] })
