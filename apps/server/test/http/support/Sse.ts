/** A reader of event streams that a test can hold still: it reads when asked, and keeps every block as it came. */
import { Effect } from "effect"
import { HttpServer } from "../../../src/http/index.js"

/** One block of a stream. */
export interface Block {
  readonly id: string | null
  readonly event: string | null
  readonly data: string
  readonly comment: string | null
}

const field = (lines: readonly string[], name: string): string | null => {
  const line = lines.find((each) => each.startsWith(`${name}: `))
  return line === undefined ? null : line.slice(name.length + 2)
}

export const parseBlock = (text: string): Block => {
  const lines = text.split("\n")
  const comment = lines.find((line) => line.startsWith(":"))
  return {
    id: field(lines, "id"),
    event: field(lines, "event"),
    data: field(lines, "data") ?? "",
    comment: comment === undefined ? null : comment.slice(1).trim(),
  }
}

export interface OpenStream {
  readonly status: number
  readonly headers: Headers
  /** The next block that is neither a comment nor the opening `retry`; null at the end of the stream. */
  readonly next: Effect.Effect<Block | null>
  /** The next comment. */
  readonly comment: Effect.Effect<string | null>
  /** Blocks until one of this event type came, that one included. */
  readonly until: (event: string) => Effect.Effect<readonly Block[]>
  /** So many blocks of events of the log: control events are left out. */
  readonly take: (count: number) => Effect.Effect<readonly Block[]>
  readonly close: Effect.Effect<void>
}

const controls = new Set(["synced", "reset", "overflow"])

/** Opens a stream with the token; closed with the scope. */
export const openStream = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const { url, token } = yield* HttpServer
    const controller = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (open) => Effect.sync(() => open.abort()),
    )
    const response = yield* Effect.promise(() =>
      fetch(`${url}${path}`, {
        signal: controller.signal,
        headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", ...headers },
      }),
    )
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    const blocks: Block[] = []
    const block: Effect.Effect<Block | null> = Effect.promise(async () => {
      for (;;) {
        const ready = blocks.shift()
        if (ready !== undefined) return ready
        const piece = await reader?.read().catch(() => ({ done: true as const, value: undefined }))
        if (piece === undefined || piece.done) return null
        const parts = `${text}${piece.value}`.split("\n\n")
        text = parts.pop() ?? ""
        blocks.push(...parts.map(parseBlock))
      }
    })
    const find = (wanted: (found: Block) => boolean): Effect.Effect<Block | null> =>
      Effect.flatMap(block, (found) => (found === null || wanted(found) ? Effect.succeed(found) : find(wanted)))
    const next = find(({ event }) => event !== null)
    const open: OpenStream = {
      status: response.status,
      headers: response.headers,
      next,
      comment: Effect.map(
        find(({ comment }) => comment !== null),
        (found) => found?.comment ?? null,
      ),
      until: (event) =>
        Effect.gen(function* () {
          const found: Block[] = []
          for (;;) {
            const one = yield* next
            if (one === null) return found
            found.push(one)
            if (one.event === event) return found
          }
        }),
      take: (count) =>
        Effect.gen(function* () {
          const found: Block[] = []
          while (found.length < count) {
            const one = yield* next
            if (one === null) return found
            if (!controls.has(one.event ?? "")) found.push(one)
          }
          return found
        }),
      close: Effect.sync(() => controller.abort()),
    }
    return open
  })

/** Sequences of blocks, from their ids. */
export const sequencesOf = (blocks: readonly Block[]): readonly number[] =>
  blocks.map(({ id }) => Number((id ?? "").split(".")[1]))

/** `from`, `from + 1`, … `to`. */
export const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
