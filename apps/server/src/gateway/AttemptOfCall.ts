/** The attempt of one call, as the proxy speaks to it: plain functions over the recorder's effects. */
import { performance } from "node:perf_hooks"
import type { RecordedAttempt } from "@threadfold/orchestrator"
import { type AttemptInput, type ModelProtocol, modelIn, type ProtocolReader } from "@threadfold/providers"
import type { Effect } from "effect"

/** Characters of a request in which its model is looked for. */
const searched = 256 * 1024
/** How long a call may run before its beginning is recorded, ms: a quick one is recorded as a whole. */
const quiet = 20

/** How a call ends that runs while the gateway stops. @param isAgentOpen false: its agent was ended before, and has left it */
export const endAtStop = (isAgentOpen: boolean): AttemptInput =>
  isAgentOpen
    ? { type: "broken", error: "The gateway stopped while the call was under way." }
    : { type: "gone", reason: "The agent was ended in the middle of the call." }

export class AttemptOfCall {
  private readonly startedAt = performance.now()
  private opened: RecordedAttempt | null = null
  /** What this tick has noted. */
  private readonly noted: AttemptInput[] = []
  private beginning = ""
  private model: string | null = null
  private isSearched = false
  private isStarted = false
  private timer: NodeJS.Timeout | null = null

  /**
   * @param open opens the attempt
   * @param run runs the recorder's effects in the environment of the server
   */
  constructor(
    private readonly open: () => RecordedAttempt,
    readonly reader: ProtocolReader,
    private readonly protocol: ModelProtocol,
    private readonly run: <A>(effect: Effect.Effect<A>) => Promise<A>,
  ) {}

  /** It is opened when the first of it is recorded: the bytes of a call do not wait for that. */
  private get attempt(): RecordedAttempt {
    this.opened ??= this.open()
    return this.opened
  }

  /** A piece of the request. Its model is in the first of them, as agents write it. */
  requested(chunk: Buffer): void {
    if (this.isSearched) return
    this.beginning += chunk.toString("utf8")
    this.model = modelIn(this.beginning)
    this.isSearched = this.model !== null || this.beginning.length > searched
    if (this.isSearched) this.beginning = ""
  }

  /** The request is whole. @param model that it asks for, where it is known already */
  sent(model: string | null = this.model): void {
    this.model = model
    this.isSearched = true
    this.beginning = ""
    this.beginSoon()
  }

  /** The answer begins. */
  answered(upstreamRequestId: string | null): void {
    this.note({ type: "answered", afterMs: performance.now() - this.startedAt, upstreamRequestId })
    this.beginSoon()
  }

  /** Keeps what is written with what is recorded next, and not by itself. */
  note(input: AttemptInput): void {
    if (this.noted.push(input) === 1) setImmediate(() => this.passNotes())
  }

  private passNotes(): void {
    for (const input of this.noted.splice(0)) this.attempt.note(input)
  }

  /** Returns when what follows from it is recorded, or cannot be. Never fails. */
  async tell(input: AttemptInput): Promise<void> {
    this.passNotes()
    if (this.attempt.isOver()) return
    await this.run(this.attempt.tell([...this.start(), input]))
  }

  /** A quick answer is recorded in one with its beginning, which therefore waits a moment. */
  private beginSoon(): void {
    if (this.isStarted || this.timer !== null) return
    this.timer = setTimeout(() => void this.run(this.attempt.tell(this.start())), quiet)
  }

  /** That the call began, where it is not told yet. */
  private start(): readonly AttemptInput[] {
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.isStarted) return []
    this.isStarted = true
    return [{ type: "started", model: this.model, provider: this.protocol.name }]
  }
}
