/** The lines of a live wire, as a recording of it would hold them. */
import { readWireJson } from "@threadfold/contracts"
import type { ProcessExit, SupervisedProcess } from "../process/SupervisedProcess.js"
import type { WireLine } from "../Translator.js"

const meta = (at: number, event: string, fields: Readonly<Record<string, unknown>>): WireLine => ({
  at,
  dir: "meta",
  raw: JSON.stringify({ ts: new Date(at).toISOString(), dir: "meta", event, ...fields }),
  event,
  fields,
})

/** The process started. `about`: what the translator should know of the start besides. */
export const spawnLine = (
  at: number,
  { pid, commandLine }: SupervisedProcess,
  about: Readonly<Record<string, unknown>> = {},
): WireLine => meta(at, "spawn", { pid, args: commandLine, ...about })

/**
 * The process exited. `message`: the end of its stderr, or what went wrong on our side; told only where the exit was not
 * asked for, because nobody wonders why a stopped agent ended.
 */
export const exitLine = (at: number, { asked, code, signal }: ProcessExit, message: string): WireLine =>
  meta(at, "exit", { code, sig: signal, asked, ...(asked || message === "" ? {} : { message }) })

/** What `fields` of an exit line say. */
export interface ReadExit {
  readonly code: number | null
  readonly signal: string | null
  readonly asked: boolean
  readonly message: string | undefined
}

/** Reads the fields of an exit line, of a recording too: what is not there is not known. */
export const readExit = (fields: Readonly<Record<string, unknown>>): ReadExit => ({
  code: typeof fields.code === "number" && Number.isFinite(fields.code) ? fields.code : null,
  signal: typeof fields.sig === "string" ? fields.sig : null,
  asked: fields.asked === true,
  message: typeof fields.message === "string" ? fields.message : undefined,
})

/** A line from the agent, as it came. One that is no JSON is a line without a message: it is kept, and understood by nobody. */
export const receivedLine = (at: number, raw: string): WireLine => ({
  at,
  dir: "recv",
  raw,
  message: readWireJson(raw),
})

/** A line to the agent. `turnId`: our turn that it asks for. */
export const sentLine = (at: number, raw: string, message: unknown, turnId?: string): WireLine => ({
  at,
  dir: "send",
  raw,
  message,
  ...(turnId === undefined ? {} : { turnId }),
})
