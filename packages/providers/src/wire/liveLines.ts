/** Makes the lines of a live wire, in the form in which a recording holds them. */
import { readWireJson } from "@threadfold/contracts"
import type { ProcessExit, SupervisedProcess } from "../process/SupervisedProcess.js"
import type { WireLine } from "../Translator.js"
import { messagesIn } from "./messagesIn.js"

const meta = (at: number, event: string, fields: Readonly<Record<string, unknown>>): WireLine => ({
  at,
  dir: "meta",
  raw: JSON.stringify({ ts: new Date(at).toISOString(), dir: "meta", event, ...fields }),
  event,
  fields,
})

/** The line for a started process. `about`: further fields for the translator. */
export const spawnLine = (
  at: number,
  { pid, commandLine }: SupervisedProcess,
  about: Readonly<Record<string, unknown>> = {},
): WireLine => meta(at, "spawn", { pid, args: commandLine, ...about })

/**
 * The line for an exited process. `message`: the end of its stderr, or what went wrong on our side. It is left out where the
 * exit was asked for, because then it explains nothing.
 */
export const exitLine = (at: number, { asked, code, signal }: ProcessExit, message: string): WireLine =>
  meta(at, "exit", { code, sig: signal, asked, ...(asked || message === "" ? {} : { message }) })

/** The fields of an exit line. */
export interface ReadExit {
  readonly code: number | null
  readonly signal: string | null
  readonly asked: boolean
  readonly message: string | undefined
}

/** Reads the fields of an exit line. In a recording any of them may be absent: then it is not known. */
export const readExit = (fields: Readonly<Record<string, unknown>>): ReadExit => ({
  code: typeof fields.code === "number" && Number.isFinite(fields.code) ? fields.code : null,
  signal: typeof fields.sig === "string" ? fields.sig : null,
  asked: fields.asked === true,
  message: typeof fields.message === "string" ? fields.message : undefined,
})

/**
 * A line from the agent. Where the line as a whole is no JSON, each message inside it becomes a line, and these lines share
 * the text. A line without any message stays one line without a message.
 */
export const receivedLines = (at: number, raw: string): readonly WireLine[] => {
  const whole = readWireJson(raw)
  const found = whole === undefined ? messagesIn(raw) : []
  if (found.length === 0) return [{ at, dir: "recv", raw, message: whole }]
  return found.map(({ message }, index) => {
    const from = index === 0 ? 0 : found[index - 1]?.end
    const end = index === found.length - 1 ? raw.length : found[index]?.end
    return { at, dir: "recv", raw: raw.slice(from, end), message }
  })
}

/** A line to the agent. `turnId`: our id of the turn that it asks for. */
export const sentLine = (at: number, raw: string, message: unknown, turnId?: string): WireLine => ({
  at,
  dir: "send",
  raw,
  message,
  ...(turnId === undefined ? {} : { turnId }),
})
