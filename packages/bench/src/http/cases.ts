/** What `threadfold bench http` calls: each case as calls of our server, and what the bare server does for the same. */
import { selectEvents } from "@threadfold/event-log"
import { openReadSql, Projections, type ReadSql } from "@threadfold/projections"
import { Effect } from "effect"
import { attempt } from "../BenchError.js"
import { answerKey, type Plan, type Read } from "./Plan.js"
import type { Call, Target } from "./Target.js"

/** The cases that read. */
export type ReadCase =
  | "livez"
  | "threads"
  /** Pages of threads that are made again. */
  | "threadChanged"
  /** Pages of threads that have not changed since they were asked for. */
  | "threadUnchanged"
  /** The same, for a caller that holds them. */
  | "threadNotModified"
  | "turns"
  | "items"
  | "events"

/** Calls of each case, to be made again and again in this order. */
export type ReadCalls = { readonly [C in ReadCase]: readonly Call[] }

/** Lengths in which each thread's page is asked for: more pages than a server keeps, so that each is made again. */
const lengths = [50, 49, 48, 47, 46, 45, 44, 43, 42, 41]

/** The threads that are read one by one. */
const few = 10

const get = (path: string, headers: Readonly<Record<string, string>> = {}): Call => ({ method: "GET", path, headers })

/** A reader that notes every statement. */
const noting = (sql: ReadSql, noted: Read[]): ReadSql => ({
  ...sql,
  unsafe: <Row extends object>(text: string, params: readonly unknown[] = []) => {
    noted.push({ text, params })
    return sql.unsafe<Row>(text, params)
  },
})

/** A call that reads, and the statements that it needs. */
interface Reading {
  readonly call: Call
  readonly statements: readonly Read[]
}

type Queries = ReturnType<typeof Projections.over>

const readingsOf = (file: string) =>
  Effect.gen(function* () {
    const noted: Read[] = []
    const queries = Projections.over(noting(yield* openReadSql(file), noted))
    const reading = (call: Call, query: (queries: Queries) => Effect.Effect<unknown, unknown>) =>
      Effect.map(Effect.orDie(query(queries)), (): Reading => ({ call, statements: noted.splice(0) }))
    const threadIds = (yield* Effect.orDie(queries.threads({ limit: 500 }))).items.map(({ threadId }) => threadId)
    const some = threadIds.slice(0, few)
    const page = selectEvents({ after: 0, limit: 51 })
    noted.splice(0)
    return {
      livez: [{ call: get("/livez"), statements: [] }],
      threads: [yield* reading(get("/v1/threads"), (read) => read.threads())],
      threadChanged: yield* Effect.forEach(
        threadIds.flatMap((threadId) => lengths.map((length) => ({ threadId, length }))),
        ({ length, threadId }) =>
          reading(get(`/v1/threads/${threadId}?limit=${length}`), (read) =>
            read.threadSnapshot(threadId, { limitPerList: length }),
          ),
      ),
      threadUnchanged: yield* Effect.forEach(some, (id) =>
        reading(get(`/v1/threads/${id}`), (read) => read.threadVersion(id)),
      ),
      turns: yield* Effect.forEach(some, (id) => reading(get(`/v1/threads/${id}/turns`), (read) => read.turns(id))),
      items: yield* Effect.forEach(some, (id) => reading(get(`/v1/threads/${id}/items`), (read) => read.items(id))),
      events: [{ call: get("/v1/events"), statements: [{ text: page.sql, params: page.params }] }],
    }
  })

/** The calls, and the answers to them that our server gives now, with the statements behind each. */
export const planReads = (file: string, ours: Target) =>
  Effect.gen(function* () {
    const readings = yield* Effect.scoped(readingsOf(file))
    const reads = new Map<string, { readonly statements: readonly Read[]; readonly sent: Plan["pushed"] }>()
    const take = ({ call, statements }: Reading) =>
      Effect.gen(function* () {
        const sent = yield* attempt(() => ours.call(call))
        reads.set(answerKey(call.path, call.headers?.["if-none-match"]), { statements, sent })
        return { call, sent, statements }
      })
    for (const each of Object.values(readings)) yield* Effect.forEach(each, take)
    const held = yield* Effect.forEach(readings.threadUnchanged, (each) =>
      Effect.gen(function* () {
        const { headers } = (yield* take(each)).sent
        const etag = headers[headers.findIndex((name) => name.toLowerCase() === "etag") + 1] ?? ""
        return yield* take({ ...each, call: get(each.call.path, { "if-none-match": etag }) })
      }),
    )
    const callsOf = (each: readonly Reading[]): readonly Call[] => each.map(({ call }) => call)
    const calls: ReadCalls = {
      livez: callsOf(readings.livez),
      threads: callsOf(readings.threads),
      threadChanged: callsOf(readings.threadChanged),
      threadUnchanged: callsOf(readings.threadUnchanged),
      threadNotModified: callsOf(held),
      turns: callsOf(readings.turns),
      items: callsOf(readings.items),
      events: callsOf(readings.events),
    }
    return { calls, reads }
  })
