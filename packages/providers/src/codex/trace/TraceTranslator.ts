/**
 * Translates a rollout trace of Codex: turns, attempts to stream a model's response with what was sent and received, tool calls,
 * compactions, and sub-agents, each of which is a thread of its own. The lines are taken in the order in which they stand. What a damaged
 * line, a gap or a missing body leaves out is not made up: it is said, and the rest goes on.
 */
import type { NativeRef } from "@threadfold/contracts"
import { makeSource, type Source } from "../../runtime/Draft.js"
import { fact } from "../../runtime/Fact.js"
import type { Emitted, EndReason, Translated } from "../../Translator.js"
import { payloadRefs, type TraceLine } from "./readTraceLine.js"
import { Sequence } from "./Sequence.js"
import { TraceState } from "./TraceState.js"
import { fieldsOf, TraceThreads } from "./TraceThreads.js"
import { eventReaders } from "./traceEvents.js"

/** A body that came with the lines. */
export interface TracePayload {
  /** Where it lies in the bundle. */
  readonly path: string
  /** The whole of it; null: it is not there, or too long to be held. */
  readonly text: string | null
  /** What is wrong with it, in one sentence; null: nothing. */
  readonly problem: string | null
  /** What is left of a body that is kept in parts. */
  readonly digest?: { readonly bytes: number; readonly sha256: string }
}

/** Translates the lines of one trace. */
export interface TraceTranslator {
  /** Time of a line: its own, or for one that has none that of the line before it. */
  readonly timeOf: (line: TraceLine) => number
  /** Takes the manifest of the bundle. */
  readonly manifest: (text: string | null, problem: string | null) => Translated
  /** Takes a line, and the bodies that came for it. */
  readonly push: (line: TraceLine, raw: string, payloads: readonly TracePayload[]) => Translated
  /** Keeps a part of a body that is too long to be held. */
  readonly keepPart: (path: string, part: number, text: string) => Translated
  readonly flush: () => readonly Emitted[]
  /** Ends the sessions that are open. Lines may follow: the trace has grown. */
  readonly end: (at: number, reason: EndReason) => readonly Emitted[]
}

export const makeTraceTranslator = (): TraceTranslator => {
  const threads = new TraceThreads()
  const state = new TraceState(threads)
  const sequence = new Sequence()
  let lastAt = 0

  const kept = (source: Source, method: string, place: string | undefined, problem: string | undefined): Translated => {
    threads.open(source)
    threads.record(source, threads.connection, fact("provider.unmapped", { method, known: true, place, problem }))
    return { fate: "kept", emitted: threads.take() }
  }

  /** Keeps the bodies of a line, each as an event that names what the line is about. */
  const keepBodies = (line: TraceLine, native: NativeRef | undefined, payloads: readonly TracePayload[]): void => {
    const refs = payloadRefs(line)
    const thread = threads.find(native?.threadId)
    const origin = thread?.origin ?? threads.connection
    const named = refs.map(({ kind, path }) => ({
      kind,
      body: payloads.find((one) => one.path === path) ?? {
        path,
        text: null,
        problem: "it did not come with the trace",
      },
    }))
    const unnamed = payloads.filter(({ path }) => !refs.some((ref) => ref.path === path))
    for (const { body, kind } of [...named, ...unnamed.map((body) => ({ kind: "unnamed", body }))]) {
      const { digest, path, problem, text } = body
      const source = makeSource(lastAt, lastAt, text ?? undefined)
      const payload = {
        method: `payload/${kind}`,
        known: true,
        place: path.slice(0, 1_000),
        problem: problem ?? undefined,
        line: digest,
      }
      threads.record(
        source,
        origin,
        fact("provider.unmapped", payload, thread === undefined ? undefined : { ...native }),
      )
    }
  }

  const translate = (line: TraceLine, source: Source, payloads: readonly TracePayload[]) => {
    threads.open(source)
    const { problem, repeated } = sequence.take(line.seq)
    const named = threads.find(line.threadId)
    if (repeated) return { fate: threads.keep(source, named, line.type, true, problem), native: undefined }
    // What is not as it was announced is kept, and not read.
    const bodies = new Map(payloads.map(({ path, problem: fault, text }) => [path, fault === null ? text : null]))
    const body = (key: string) => {
      const ref = payloadRefs({ ...line, payload: { ref: line.payload[key] } })[0]
      return ref === undefined ? undefined : fieldsOf(bodies.get(ref.path))
    }
    const read = eventReaders.get(line.type)
    const done =
      read === undefined
        ? { fate: threads.keep(source, state.threadOf(source, line), line.type, false), native: undefined }
        : read(state, { line, source, body })
    if (problem !== undefined) {
      const at = makeSource(lastAt, lastAt)
      const thread = threads.find(done.native?.threadId ?? line.threadId)
      threads.keep(at, thread, "sequence", true, problem)
    }
    return done
  }

  return {
    timeOf: ({ at }) => at ?? lastAt,
    manifest: (text, problem) =>
      kept(makeSource(lastAt, lastAt, text ?? undefined), "manifest", "manifest.json", problem ?? undefined),
    push: (line, raw, payloads) => {
      lastAt = line.at ?? lastAt
      const { fate, native } = translate(line, makeSource(lastAt, lastAt, raw), payloads)
      keepBodies(line, native, payloads)
      return { fate, emitted: threads.take() }
    },
    keepPart: (path, part, text) =>
      kept(makeSource(lastAt, lastAt, text), "payload/part", `${path.slice(0, 1_000)}#${part}`, undefined),
    flush: () => threads.take(),
    end: (at, reason) => {
      threads.close(at, reason)
      return threads.take()
    },
  }
}
