/** The reference agent (test/programs/acp-agent.mjs) under our driver. */
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import type { AcpConfig } from "../../src/acp/drive/AcpConfig.js"
import { makeAcpDriver } from "../../src/acp/drive/AcpDriver.js"
import { watch } from "../../src/testing/Watched.js"

/** What the agent does in a turn, one after the other. */
export type AgentStep =
  | { readonly say: string }
  /** So many words in as many chunks, as fast as they are read. */
  | { readonly flood: number }
  /** Says what the client asked and notified since the last time, as JSON. */
  | { readonly tell: true }
  /** Asks for permission with options of these kinds, named `the-KIND`, and says the answer. */
  | { readonly ask: readonly string[] }
  | { readonly question: string }
  | { readonly drop: true }
  | { readonly file: true }
  | { readonly raw: string }
  | { readonly fail: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly exit: number }
  | { readonly hang: true }
  | { readonly hangThenAsk: true }

export interface AgentScript {
  readonly turns?: readonly (readonly AgentStep[])[]
  readonly protocolVersion?: number
  readonly load?: boolean
  readonly resume?: boolean
  readonly close?: boolean
  readonly modes?: readonly string[]
  readonly models?: readonly string[]
  /** What it says of a session between load or resume and its answer. */
  readonly history?: readonly string[]
  readonly failsToLoad?: boolean
  /** It speaks of a new session before it answers. */
  readonly early?: boolean
  readonly signInFirst?: boolean
  /** It never answers `session/new`. */
  readonly never?: boolean
  /** It never answers `initialize`. */
  readonly ignoresInitialize?: boolean
  /** Lines before anything else. */
  readonly noise?: readonly string[]
  readonly lastWords?: string
  /** It ends at once, with this code. */
  readonly exit?: number
}

const program = fileURLToPath(new URL("../programs/acp-agent.mjs", import.meta.url))

export const marks = { THREADFOLD_ACP: `${process.pid}` }

export const referenceDriver = (script: AgentScript, config: Partial<AcpConfig> = {}) =>
  makeAcpDriver({
    name: "reference",
    command: process.execPath,
    args: [program, JSON.stringify(script)],
    limits: { graceMs: 200 },
    ...config,
  })

/** A connection whose events are watched. */
export const connected = (script: AgentScript, config?: Partial<AcpConfig>) =>
  Effect.gen(function* () {
    const connection = yield* referenceDriver(script, config).connect({ connectionId: "c", marks })
    const watched = yield* watch(connection)
    return { connection, watched }
  })
