/** Collects the events of a connection, for tests that wait for one of them. */
import { Effect, Fiber, type Scope, Stream } from "effect"
import type { ProviderConnection } from "../ProviderDriver.js"
import type { Emitted } from "../Translator.js"

export interface Watched {
  /** All events so far, in order. */
  readonly all: () => readonly Emitted[]
  /** The result of `reference` for each native thread, at the time of its first event. */
  readonly references: ReadonlyMap<string, string | null>
  /** Waits for the first event from index `from` (default: 0) that matches. */
  readonly until: (is: (one: Emitted) => boolean, from?: number) => Effect.Effect<Emitted>
  /** Waits for the end of the stream and returns all events. */
  readonly ended: Effect.Effect<readonly Emitted[]>
}

/** Longest wait for an event, ms. Only a failing test waits so long. */
const patienceMs = 20_000

const outlineOf = (events: readonly Emitted[]): string =>
  events.map(({ event }) => `${event.type} ${JSON.stringify(event.payload)?.slice(0, 200)}`).join("\n  ")

/** Consumes the events of a connection until the scope closes. */
export const watch = (connection: ProviderConnection): Effect.Effect<Watched, never, Scope.Scope> =>
  Effect.gen(function* () {
    const events: Emitted[] = []
    const references = new Map<string, string | null>()
    const waiting = new Set<() => void>()
    let isOver = false
    const wake = () => {
      for (const look of [...waiting]) look()
    }
    const fiber = yield* Effect.forkScoped(
      Stream.runForEachChunk(connection.events, (chunk) =>
        Effect.sync(() => {
          for (const one of chunk) {
            if (one.scope.kind === "session" && !references.has(one.scope.nativeThreadId)) {
              references.set(one.scope.nativeThreadId, connection.reference(one.scope.nativeThreadId))
            }
            events.push(one)
          }
          wake()
        }),
      ).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            isOver = true
            wake()
          }),
        ),
      ),
    )

    const patient = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.timeoutFail(effect, { duration: patienceMs, onTimeout: () => null }).pipe(
        Effect.catchAll((error) =>
          error === null ? Effect.dieMessage(`it did not come; so far:\n  ${outlineOf(events)}`) : Effect.fail(error),
        ),
      )

    return {
      all: () => [...events],
      references,
      until: (is, from = 0) =>
        patient(
          Effect.async<Emitted>((resume) => {
            let next = from
            const look = () => {
              for (; next < events.length; next += 1) {
                const one = events[next]
                if (one === undefined || !is(one)) continue
                waiting.delete(look)
                return resume(Effect.succeed(one))
              }
              if (!isOver) return
              waiting.delete(look)
              resume(Effect.dieMessage(`the stream ended before it came:\n  ${outlineOf(events)}`))
            }
            waiting.add(look)
            look()
            return Effect.sync(() => waiting.delete(look))
          }),
        ),
      ended: Effect.as(patient(Fiber.join(fiber)), events),
    }
  })

/** Matches the events of one type, and of one thread where it is given. */
export const ofType =
  (type: string, nativeThreadId?: string) =>
  ({ event, scope }: Emitted): boolean =>
    event.type === type &&
    (nativeThreadId === undefined || (scope.kind === "session" && scope.nativeThreadId === nativeThreadId))
