/**
 * The shell's side of `threadfold serve --desktop`: keeps a server running for a data directory, starts it again after a crash, changes it for
 * another version, and leaves nothing behind. It serves under one port as long as that is free, so that streams and pages find it again.
 */
import { Clock, Deferred, Effect, Exit, Fiber, Option, Ref, Scope, Stream, SubscriptionRef } from "effect"
import { promise } from "../Failure.js"
import { BackendFailed, type BackendOptions, type Handshake, type Program, startBackend } from "./Backend.js"
import { foundServer, untilGone } from "./foundServer.js"

/** How often and how soon a server is started again. */
export interface RestartOptions {
  /** So many failures in a row are followed by another start. Default: 5. */
  readonly most?: number
  /** A server that was ready for so long was no failure, ms. Default: 60,000. */
  readonly steadyMs?: number
  /** The pause before the next start, doubled from failure to failure, ms. Default: 250, and 10,000 at most. */
  readonly pauseMs?: readonly [first: number, longest: number]
}

export interface DesktopHostOptions extends BackendOptions {
  readonly program: Program
  readonly restarts?: RestartOptions
  /**
   * Where another process owns the data directory. `fail`, the default: with a message that names it. `attach`: its server is used, and not
   * stopped; where it ends, one of ours takes its place.
   */
  readonly whenOwned?: "fail" | "attach"
  /** How often a server that is not ours is looked at, ms. Default: 1,000. */
  readonly lookMs?: number
}

/** A server that can be called. `attached`: it is not ours. */
export interface ReadyBackend extends Handshake {
  readonly attached: boolean
}

/** What there is now, for a window to show. */
export type HostState =
  | { readonly status: "starting" }
  | { readonly status: "ready"; readonly backend: ReadyBackend }
  /** It has ended and is started again; `failures` in a row. */
  | { readonly status: "restarting"; readonly failures: number; readonly failure: BackendFailed }
  /** It is not started again by itself: `upgrade` starts it. */
  | { readonly status: "failed"; readonly failure: BackendFailed }
  | { readonly status: "stopped" }

export interface DesktopHost {
  readonly state: Effect.Effect<HostState>
  /** The state now, and each that follows. */
  readonly states: Stream.Stream<HostState>
  /** The server; waits where it is being started. Fails where it is not started again. */
  readonly backend: Effect.Effect<ReadyBackend, BackendFailed>
  /**
   * Stops the server in good order and starts another version for the same directory, or the same one again. Where that one does not come up the
   * one before is started again, and this fails with the reason.
   */
  readonly upgrade: (program: Program) => Effect.Effect<ReadyBackend, BackendFailed>
}

const notRunning: Effect.Effect<never, BackendFailed> = Effect.fail(
  new BackendFailed({ reason: "stopped", code: null, signal: null, said: "" }),
)

/** The answer of a state to who wants the server; null: it must wait. */
const settled = (state: HostState): Effect.Effect<ReadyBackend, BackendFailed> | null => {
  if (state.status === "ready") return Effect.succeed(state.backend)
  if (state.status === "failed") return Effect.fail(state.failure)
  return state.status === "stopped" ? notRunning : null
}

const portOf = (url: string): number => Number(new URL(url).port)

/** Keeps a server running for the life of the scope. Fails where the first start fails for good. */
export const makeDesktopHost = (options: DesktopHostOptions): Effect.Effect<DesktopHost, BackendFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { lookMs = 1_000, restarts = {}, whenOwned = "fail" } = options
    const { most = 5, pauseMs = [250, 10_000], steadyMs = 60_000 } = restarts
    const state = yield* SubscriptionRef.make<HostState>({ status: "starting" })
    const scope = yield* Effect.scope
    const onlyOne = yield* Effect.makeSemaphore(1)
    let program = options.program
    let port = 0

    /** Under the port of before where it is free: what was told of it stays right. */
    const start = (which: Program) =>
      startBackend(which, port, options).pipe(
        Effect.catchIf(
          ({ code }) => code === 3 && port !== 0,
          () => startBackend(which, 0, options),
        ),
      )

    /** A server from its start to its end. Fails with why it ended. */
    const ours = (which: Program, onReady: (backend: ReadyBackend) => Effect.Effect<void>) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { ended, ...handshake } = yield* start(which)
          port = portOf(handshake.url)
          yield* onReady({ ...handshake, attached: false })
          return yield* Effect.flatMap(ended, (end) => new BackendFailed({ ...end, reason: "crashed" }))
        }),
      )

    /** The server of the directory's owner until it is gone; null: there is none to attach to. */
    const anothers = (onReady: (backend: ReadyBackend) => Effect.Effect<void>) =>
      Effect.gen(function* () {
        const found = whenOwned === "attach" ? yield* foundServer(options.dataDir) : null
        if (found === null) return null
        yield* onReady({ ...found, attached: true })
        yield* untilGone(found, lookMs)
        return new BackendFailed({ reason: "crashed", code: null, signal: null, said: "The other server has ended." })
      })

    /** Servers one after the other, until one fails for good. `patience`: how many failures before the first is ready. */
    const keepRunning = (which: Program, first: Deferred.Deferred<ReadyBackend, BackendFailed>, patience: number) =>
      Effect.gen(function* () {
        let failures = 0
        let allowed = patience
        for (;;) {
          const readySince = yield* Ref.make<number | null>(null)
          const onReady = (backend: ReadyBackend) =>
            Effect.gen(function* () {
              yield* Ref.set(readySince, yield* Clock.currentTimeMillis)
              allowed = most
              yield* SubscriptionRef.set(state, { status: "ready", backend })
              yield* Deferred.succeed(first, backend)
            })
          const failure = yield* Effect.flip(ours(which, onReady)).pipe(
            Effect.flatMap((one) =>
              one.reason === "refused" ? Effect.map(anothers(onReady), (other) => other ?? one) : Effect.succeed(one),
            ),
          )
          const since = yield* Ref.get(readySince)
          const wasSteady = since !== null && (yield* Clock.currentTimeMillis) - since >= steadyMs
          failures = wasSteady ? 1 : failures + 1
          if (failure.reason === "refused" || failure.reason === "not-found" || failures > allowed) {
            yield* SubscriptionRef.set(state, { status: "failed", failure })
            return yield* Deferred.fail(first, failure)
          }
          yield* SubscriptionRef.set(state, { status: "restarting", failures, failure })
          yield* Effect.sleep(Math.min(pauseMs[0] * 2 ** (failures - 1), pauseMs[1]))
        }
      })

    let running: Fiber.RuntimeFiber<unknown> | null = null
    const stopRunning = Effect.suspend(() => (running === null ? Effect.void : Fiber.interrupt(running)))
    const run = (which: Program, patience: number) =>
      Effect.gen(function* () {
        const first = yield* Deferred.make<ReadyBackend, BackendFailed>()
        yield* SubscriptionRef.set(state, { status: "starting" })
        running = yield* Effect.forkIn(keepRunning(which, first, patience), scope)
        return yield* Deferred.await(first)
      })

    yield* Effect.addFinalizer(() => Effect.zipRight(stopRunning, SubscriptionRef.set(state, { status: "stopped" })))
    yield* run(program, most)

    const backend = state.changes.pipe(
      Stream.filterMap((now) => Option.fromNullable(settled(now))),
      Stream.runHead,
      Effect.flatMap(Option.getOrElse(() => notRunning)),
    )
    const upgrade = (next: Program) =>
      Effect.gen(function* () {
        const before = program
        yield* stopRunning
        program = next
        return yield* run(next, 0).pipe(
          Effect.tapError(() => {
            program = before
            return Effect.ignore(run(before, most))
          }),
        )
      })
    return {
      state: SubscriptionRef.get(state),
      states: state.changes,
      backend,
      upgrade: (next) => onlyOne.withPermits(1)(upgrade(next)),
    }
  })

/** A host in promises, for the main process of an app. */
export interface OpenDesktopHost {
  /** What there is now. */
  readonly state: () => HostState
  /** The server; waits where it is being started. Rejects with `BackendFailed` where it is not started again. */
  readonly backend: () => Promise<ReadyBackend>
  /** Calls the listener with each state that follows; what it returns ends that. */
  readonly onState: (listener: (state: HostState) => void) => () => void
  /** Another version of the program in place of this one, or the same one again. */
  readonly upgrade: (program: Program) => Promise<ReadyBackend>
  /** Stops the server, its agents with it; resolves when the process is gone. A second call waits for the first. */
  readonly stop: () => Promise<void>
}

/** Starts a server for a data directory and keeps it running. Rejects with `BackendFailed` where the first start fails for good. */
export const openDesktopHost = async (options: DesktopHostOptions): Promise<OpenDesktopHost> => {
  const scope = await promise(Scope.make())
  const host = await promise(
    makeDesktopHost(options).pipe(
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    ),
  )
  let stopping: Promise<void> | null = null
  return {
    state: () => Effect.runSync(host.state),
    backend: () => promise(host.backend),
    onState: (listener) => {
      // The first is the state that there is already.
      const fiber = Effect.runFork(
        Stream.runForEach(Stream.drop(host.states, 1), (one) => Effect.sync(() => listener(one))),
      )
      return () => void Effect.runFork(Fiber.interrupt(fiber))
    },
    upgrade: (program) => promise(host.upgrade(program)),
    stop: () => {
      stopping ??= promise(Scope.close(scope, Exit.void))
      return stopping
    },
  }
}
