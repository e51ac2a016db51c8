/** The translator's state of the threads of a trace. The rules of the domain are in the fold. */
import type { ItemKind, TokenCountName } from "@threadfold/contracts"
import type { Origin } from "../../runtime/Draft.js"

/** How many names, calls and attempts of a thread are remembered. Beyond that the oldest is forgotten: a trace may be without end. */
const remembered = 4_096

/** A map that forgets its oldest entry when it is full. */
export class Recent<A> {
  private readonly entries = new Map<string, A>()

  constructor(private readonly limit = remembered) {}

  get(key: string): A | undefined {
    return this.entries.get(key)
  }

  has(key: string): boolean {
    return this.entries.has(key)
  }

  set(key: string, value: A): void {
    this.entries.set(key, value)
    const [oldest] = this.entries.size > this.limit ? this.entries.keys() : []
    if (oldest !== undefined) this.entries.delete(oldest)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }

  values(): readonly A[] {
    return [...this.entries.values()]
  }
}

/** What the runtime of a tool said of its end. */
export interface RuntimeEnd {
  /** `completed`, `failed`, `cancelled`, `declined`, … in Codex's words. */
  readonly status: string
  readonly text: string | undefined
  readonly exitCode: number | undefined
  readonly durationMs: number | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** A tool call, a code cell or a compaction that has begun and not ended. */
export interface OpenItem {
  readonly itemId: string
  readonly turnId: string | undefined
  readonly kind: ItemKind
  readonly name: string | undefined
  readonly title: string | undefined
  readonly data: Readonly<Record<string, unknown>>
  /** Threads that it started or spoke to. */
  readonly children: readonly string[]
  readonly runtime: RuntimeEnd | undefined
}

/** An attempt to stream a model's response. */
export interface Attempt {
  readonly thread: TraceThread
  readonly turnId: string | undefined
  /** The session in which it began: its end belongs there, too. */
  readonly origin: Origin
  readonly hasEnded: boolean
}

/** Token counts of a session so far. */
export type Totals = Record<TokenCountName, number>

/** One thread of the trace: the root, or a sub-agent. */
export interface TraceThread {
  readonly id: string
  origin: Origin
  /** How many sessions it has had. */
  sessions: number
  /** `paused`: the trace ended here, and may have gone on since. `ended`: the trace tells its end. */
  state: "open" | "paused" | "ended"
  /** True: the trace told its start, and not only a later event named it. */
  isTold: boolean
  /** The turn that runs, by Codex's id. */
  running: string | undefined
  /** Turns that have started or ended. */
  readonly turns: Recent<"started" | "ended">
  readonly items: Recent<OpenItem>
  /** Items that were told, by turn and id: some gateways give the same id twice. */
  readonly told: Recent<true>
  /** Ids of history items that were accepted in this recording and have not been told. */
  readonly accepted: Recent<true>
  /** True: the history of this thread has ids (version 2). */
  hasIds: boolean
  /** Length of the input of the last request; null: there was none. */
  inputLength: number | null
  totals: Totals
  lastError: { readonly message: string; readonly code: string | undefined } | undefined
  model: string | undefined
}

export const noTotals = (): Totals => ({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  totalTokens: 0,
})
