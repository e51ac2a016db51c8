/** What the server counts about itself, and the Prometheus text of it. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { ProblemSlug } from "@threadfold/contracts/problem"
import type { StorageState } from "@threadfold/engine"
import type { SubmissionCounts } from "@threadfold/orchestrator"
import { Context, Effect, Layer } from "effect"
import { durationsText } from "../telemetry/durations.js"

/**
 * How often the event loop is looked at, ms. What is measured contains this interval. Each look wakes the process: every 20 ms they took
 * most of what an idle server does.
 */
const lagSampleMs = 100

/** How far an open stream is. */
export interface StreamReader {
  /** Everything up to here that it takes was sent. */
  readonly cursor: number
  /** True: it has sent all that there is. */
  readonly waits: boolean
}

/** How far those are that follow the log beside the streams. */
export interface Followers {
  /** Durable subscriptions, with their checkpoints. */
  readonly subscriptions: readonly { readonly name: string; readonly checkpoint: number }[]
  /** Sequence up to which the search index has the log; null: not known yet. */
  readonly searched: number | null
}

/** Counters of one server; plain numbers, changed where things happen. */
export class MetricCounters {
  /** Calls answered, by status. */
  readonly answers = new Map<number, number>()
  /** Problems answered, by slug. */
  readonly problems = new Map<string, number>()
  /** Bytes on the socket that were no HTTP. */
  garbled = 0
  /** Connections open now. */
  connections = 0
  /** Connections closed because there was no place for them, or because another one needed theirs. */
  refusedConnections = 0
  /** Streams open now. */
  streams = 0
  /** Where each of them is. */
  readonly readers = new Set<StreamReader>()
  /** Streams ended because their reader was too slow. */
  overflows = 0
  /** Events encoded for streams. */
  encoded = 0
  /** Pushed lines, by what became of them. */
  readonly lines = new Map<string, number>()
  /** Commands, by their type and what became of them. */
  private readonly commands = new Map<string, number>()
  /** Calls that wait for the end of a turn. */
  waiting = 0
  private readonly delay = monitorEventLoopDelay({ resolution: lagSampleMs })

  /** `secrets`: what counts the removals of secrets. */
  constructor(private readonly secrets?: { readonly removed: number }) {
    this.delay.enable()
  }

  /** Ends the measuring of the event loop. */
  close(): void {
    this.delay.disable()
  }

  answered(status: number): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1)
  }

  refused(slug: ProblemSlug): void {
    this.problems.set(slug, (this.problems.get(slug) ?? 0) + 1)
  }

  line(status: string): void {
    this.lines.set(status, (this.lines.get(status) ?? 0) + 1)
  }

  /** @param result `accepted`, or the slug of the problem that refused it */
  command(type: string, result: string): void {
    const labels = `{type="${type}",result="${result}"}`
    this.commands.set(labels, (this.commands.get(labels) ?? 0) + 1)
  }

  /**
   * The text.
   *
   * @param head highest published sequence, on SQLite also the number of events
   * @param submissions those of attached sessions
   * @param followers what follows the log beside the streams
   */
  text(head: number, { lost, space }: StorageState, submissions: SubmissionCounts, followers: Followers): string {
    const lines: string[] = []
    const add = (
      name: string,
      type: "counter" | "gauge",
      help: string,
      values: Iterable<readonly [string, number]>,
    ) => {
      lines.push(`# HELP threadfold_${name} ${help}`, `# TYPE threadfold_${name} ${type}`)
      for (const [labels, value] of values) lines.push(`threadfold_${name}${labels} ${value}`)
    }
    const labelled = (label: string, counts: ReadonlyMap<string | number, number>) =>
      [...counts].map(([key, value]) => [`{${label}="${key}"}`, value] as const)
    add("head_sequence", "gauge", "Highest published sequence of the log.", [["", head]])
    add("commits_total", "counter", "Submissions of this server that were committed.", [["", submissions.committed]])
    add("writer_queue", "gauge", "Submissions handed to the writer and not answered yet.", [["", submissions.waiting]])
    add("storage_lost", "gauge", "1: the files of the database are not those that were opened; nothing is written.", [
      ["", lost === null ? 0 : 1],
    ])
    if (space !== null) {
      add("storage_free_bytes", "gauge", "Free bytes of the file system of the data directory.", [
        ["", space.freeBytes],
      ])
      add("storage_low", "gauge", "1: free bytes are below the limit at which the server warns.", [
        ["", space.status === "ok" ? 0 : 1],
      ])
      add("storage_full", "gauge", "1: free bytes are below the limit at which nothing is written any more.", [
        ["", space.status === "full" ? 1 : 0],
      ])
    }
    add("secrets_removed_total", "counter", "Places from which a held secret was taken before it was recorded.", [
      ["", this.secrets?.removed ?? 0],
    ])
    add("pushed_lines_total", "counter", "Pushed lines by result.", labelled("status", this.lines))
    add("commands_total", "counter", "Commands by type and result.", this.commands)
    add("turn_waiters", "gauge", "Calls that wait for the end of a turn.", [["", this.waiting]])
    add("stream_connections", "gauge", "Event streams open now.", [["", this.streams]])
    const behind = (sequence: number): number => Math.max(0, head - sequence)
    const lags = [...this.readers].map(({ cursor, waits }) => (waits ? 0 : behind(cursor)))
    add("stream_lag", "gauge", "Places of the log that the open event stream that is farthest behind has not sent.", [
      ["", Math.max(0, ...lags)],
    ])
    add(
      "subscription_lag",
      "gauge",
      "Places of the log after the checkpoint of a durable subscription, whether it takes their events or not.",
      followers.subscriptions.map(({ checkpoint, name }) => [`{name="${name}"}`, behind(checkpoint)] as const),
    )
    if (followers.searched !== null) {
      add("search_lag", "gauge", "Places of the log that the search index does not have yet.", [
        ["", behind(followers.searched)],
      ])
    }
    add("stream_overflows_total", "counter", "Event streams ended for being too slow.", [["", this.overflows]])
    add("stream_encoded_events_total", "counter", "Events encoded for streams.", [["", this.encoded]])
    add("http_answers_total", "counter", "Answers by status.", labelled("status", this.answers))
    add("http_problems_total", "counter", "Problems by slug.", labelled("problem", this.problems))
    add("http_garbled_total", "counter", "Connections that spoke no HTTP.", [["", this.garbled]])
    add("http_connections", "gauge", "Connections open now.", [["", this.connections]])
    add("http_refused_connections_total", "counter", "Connections closed for lack of a place.", [
      ["", this.refusedConnections],
    ])
    const lag = (percentile: number) => Math.max(0, this.delay.percentile(percentile) / 1e9 - lagSampleMs / 1e3)
    add("event_loop_lag_seconds", "gauge", "Delay of the event loop since the last reading.", [
      ['{quantile="0.5"}', lag(50)],
      ['{quantile="0.99"}', lag(99)],
    ])
    this.delay.reset()
    const { system, user } = process.cpuUsage()
    add("cpu_seconds_total", "counter", "CPU time of the process, all its threads.", [["", (system + user) / 1e6]])
    add("resident_memory_bytes", "gauge", "Resident memory of the process.", [["", process.memoryUsage.rss()]])
    return `${lines.join("\n")}\n${durationsText()}`
  }
}

/** The counters of a server. */
export class Metrics extends Context.Tag("@threadfold/server/Metrics")<Metrics, MetricCounters>() {
  /** Measures the event loop for the life of the layer. @param secrets counts the redactions of secrets */
  static readonly layer = (secrets?: { readonly removed: number }): Layer.Layer<Metrics> =>
    Layer.scoped(
      Metrics,
      Effect.acquireRelease(
        Effect.sync(() => new MetricCounters(secrets)),
        (counters) => Effect.sync(() => counters.close()),
      ),
    )
}
