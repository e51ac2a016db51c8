/** Entries of a server with their long texts whole: what a tool writes out must not depend on whether a server runs. */
import { readText, readTextPart } from "@threadfold/client"
import type { ThreadSnapshot, Truncated } from "@threadfold/contracts"
import { Effect, Stream } from "effect"
import type { Server } from "./Place.js"

/** A field as it is: text, or the JSON that it holds. */
const wholeField = (server: Server, href: string) =>
  Effect.gen(function* () {
    const { mediaType } = yield* readTextPart(server, { href }, { limit: 4 })
    const text = yield* Stream.runFold(readText(server, { href }), "", (read, part) => read + part)
    const value: unknown = mediaType === "application/json" ? JSON.parse(text) : text
    return value
  })

/** An entry with every field whole. */
export const wholeEntry = <A extends { readonly truncated?: Truncated | undefined }>(server: Server, entry: A) =>
  Effect.gen(function* () {
    if (entry.truncated === undefined) return entry
    const fields: Record<string, unknown> = {}
    for (const [field, { href }] of Object.entries(entry.truncated)) fields[field] = yield* wholeField(server, href)
    return { ...entry, ...fields, truncated: undefined }
  })

/** A thread with every text whole. */
export const wholeThread = (server: Server, thread: ThreadSnapshot) => {
  const whole = <A extends { readonly truncated?: Truncated | undefined }>(entries: readonly A[]) =>
    Effect.forEach(entries, (entry) => wholeEntry(server, entry))
  return Effect.gen(function* () {
    return {
      ...thread,
      thread: yield* wholeEntry(server, thread.thread),
      session: thread.session === null ? null : yield* wholeEntry(server, thread.session),
      turns: yield* whole(thread.turns),
      items: yield* whole(thread.items),
      requests: yield* whole(thread.requests),
      inferences: yield* whole(thread.inferences),
      realtimeRuns: yield* whole(thread.realtimeRuns),
      delegations: yield* whole(thread.delegations),
      tasks: yield* whole(thread.tasks),
      queue: yield* whole(thread.queue),
      anomalies: yield* whole(thread.anomalies),
    }
  })
}
