/** Submissions of commands, and threads that wait for their effects. */
import { Command } from "@threadfold/contracts"
import { Schema } from "effect"
import type { CommandSubmission, Submission } from "../src/index.js"
import { type Bench, id, submit, t0 } from "./support.js"

const decode = Schema.decodeUnknownSync(Command)

/** A command to thread `x`; its name makes its id. */
export const commanded = (name: string, command: object, key?: string): CommandSubmission => ({
  commandId: id(`command ${name}`),
  to: { streamId: id("thread x"), ...(key === undefined ? {} : { key }) },
  command: decode({ threadId: id("thread x"), ...command }),
  at: t0,
})

/** Gives a command to thread `x`; with a key its answer is remembered. */
export const commandOf = (
  name: string,
  command: object,
  key?: string,
  content = JSON.stringify(command),
): Submission => ({
  ...submit(),
  command: { ...commanded(name, command), ...(key === undefined ? {} : { receipt: { key, content } }) },
})
/** Makes a thread that an agent of ours works in. */
export const create = { type: "thread.create", agent: "coder", provider: "codex" }
/** Sends a message to it. */
export const send = (text: string) => ({ type: "message.send", text })
/** A database with such a thread. */
export const started = (open: () => Bench): Bench => {
  const b = open()
  b.writer.process([commandOf("create", create)])
  return b
}
/** What the log holds. */
export const types = (b: Bench) => b.driver.read({ limit: 50 }).map(({ type }) => type)

/** The one effect of a thread whose message waits to be handed over. */
export const waiting = (open: () => Bench) => {
  const b = started(open)
  const [result] = b.writer.process([commandOf("send", send("a"))])
  const [effect] = result?.ok === true ? result.effects : []
  if (effect === undefined || effect.turnId === null) throw new Error("no effect")
  return { b, effectId: effect.effectId, turnId: effect.turnId }
}
/** Takes the lease on an effect. */
export const lease = (effectId: string, token = "me"): Submission => ({
  ...submit(),
  effects: [{ effectId, from: "pending", patch: { status: "attempting", token, attempts: 1 } }],
})
/** Reports that the leased effect is delivered. */
export const done = (effectId: string, token = "me"): NonNullable<Submission["effects"]>[number] => ({
  effectId,
  from: "attempting",
  token,
  patch: { status: "delivered", token: null, endedAt: t0 },
})
