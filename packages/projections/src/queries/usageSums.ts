/** Tokens of turns, added up by what their threads have in common and by day. Reads every turn that counts: not for the main thread. */
import type * as SqlError from "@effect/sql/SqlError"
import type { StorageUnavailable, TokenCounts, UsageSum, UsageSums } from "@threadfold/contracts"
import { tokenCountNames, type Values, valuesOf } from "@threadfold/contracts"
import { beginningOf, costOf, fitting, type PriceTable } from "@threadfold/core/model"
import { Effect } from "effect"
import { type MadeQuery, madeIn, noMirror, oneOf, type ThreadFilter, threadConditions } from "./filters.js"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"
import { headOf, whereAll } from "./select.js"
import { ofWholeThreads } from "./unfinished.js"

/** What is added up, and by what. */
export interface UsageSumsQuery extends ThreadFilter, MadeQuery {
  readonly by?: Values | undefined
  /** Minutes that days are ahead of UTC. */
  readonly utcOffset?: number | undefined
  readonly threadId?: Values | undefined
  readonly limit?: number | undefined
}

const usualLimit = 200

/** The columns that sums can have in common, by their names in an answer. */
const keys = {
  agent: "fitting.agent",
  model: "fitting.model",
  folder: "fitting.cwd",
  provider: "fitting.provider",
  threadId: "fitting.thread_id",
} as const

type Sum = { -readonly [K in keyof UsageSum]: UsageSum[K] }

/** One group as it is read: of one model, so that it has one price. */
type Found = Sum & { readonly priced: string | null }

const added = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b)

/** Two sums as one; `a` says what they have in common. */
const joined = (a: Sum, b: Sum): Sum => {
  const sum: Sum = { ...a, turns: a.turns + b.turns, cost: a.cost === null || b.cost === null ? null : a.cost + b.cost }
  for (const name of tokenCountNames) sum[name] = added(a[name], b[name])
  return sum
}

const nothing: Sum = {
  day: null,
  agent: null,
  model: null,
  folder: null,
  provider: null,
  threadId: null,
  turns: 0,
  inputTokens: null,
  cachedInputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  totalTokens: null,
  cost: 0,
}

const tokensOf = ({ inputTokens, outputTokens, totalTokens }: Sum): number =>
  totalTokens ?? (inputTokens ?? 0) + (outputTokens ?? 0)

/** Longest name of a model or a folder, bytes. */
const nameBytes = 4_096

const cutName = (name: string | null): string | null => (name === null ? null : beginningOf(name, nameBytes))

/** The sum with names as far as they ride along. */
const named = (sum: Sum): Sum => ({ ...sum, model: cutName(sum.model), folder: cutName(sum.folder) })

const inOrder = (a: Sum, b: Sum): number => {
  if (a.day !== b.day) return (a.day ?? "") < (b.day ?? "") ? 1 : -1
  return tokensOf(b) - tokensOf(a)
}

const found = (
  sql: ReadSql,
  query: UsageSumsQuery,
  by: ReadonlySet<string>,
): Effect.Effect<readonly Found[], SqlError.SqlError> => {
  const threads = whereAll([
    { sql: noMirror, params: [] },
    ofWholeThreads,
    ...oneOf("threads.thread_id", query.threadId),
    ...threadConditions(query),
  ])
  const turns = whereAll([{ sql: "turns.usage IS NOT NULL", params: [] }, ...madeIn("turns.turn_id", query)])
  const day = `strftime('%Y-%m-%d', (coalesce(turns.ended_at, turns.started_at, turns.requested_at) / 1000) + ${60 * (query.utcOffset ?? 0)}, 'unixepoch')`
  const columns = [
    `${by.has("day") ? day : "NULL"} AS "day"`,
    ...Object.entries(keys).map(([name, column]) => `${by.has(name) ? column : "NULL"} AS "${name}"`),
    'fitting.model AS "priced"',
  ]
  const sums = tokenCountNames.map((name) => `sum(json_extract(turns.usage, '$.${name}')) AS "${name}"`)
  return sql.unsafe<Found>(
    `WITH fitting AS MATERIALIZED (SELECT thread_id, agent, model, cwd, provider FROM threads${threads.sql})
     SELECT ${columns.join(", ")}, count(*) AS turns, ${sums.join(", ")}
     FROM fitting JOIN turns ON turns.thread_id = fitting.thread_id
     ${turns.sql} GROUP BY 1, 2, 3, 4, 5, 6, 7`,
    [...threads.params, ...turns.params],
  )
}

/** The sums. */
export const usageSums = (
  sql: ReadSql,
  query: UsageSumsQuery,
  prices: PriceTable,
): Effect.Effect<UsageSums, StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const by = new Set((valuesOf(query.by) ?? []).map((key) => (key === "thread" ? "threadId" : key)))
      const sequence = yield* headOf(sql)
      const groups = new Map<string, Sum>()
      let total = nothing
      for (const { priced, ...group } of yield* found(sql, query, by)) {
        const counted: TokenCounts = group
        const sum = { ...group, cost: costOf(counted, priced, prices) }
        total = joined(total, sum)
        const key = JSON.stringify([sum.day, ...Object.keys(keys).map((name) => Reflect.get(sum, name))])
        const known = groups.get(key)
        groups.set(key, known === undefined ? sum : joined(known, sum))
      }
      const limit = query.limit ?? usualLimit
      const items = by.size === 0 ? [] : [...groups.values()].sort(inOrder)
      const wanted = items.slice(0, limit).map(named)
      const shown = wanted.slice(0, fitting(wanted))
      return {
        sequence,
        total: { ...total, cost: total.turns === 0 ? null : total.cost },
        items: shown,
        more: items.length > shown.length,
      }
    }),
  )
