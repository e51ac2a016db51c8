/** A WebSocket to a realtime model, as effects: opened with the scope, read by one consumer, and noticed when it goes silent. */
import { Deferred, Effect, type Scope } from "effect"
import { WebSocket } from "ws"

/** Why a socket is over. */
export type SocketEnd =
  /** The other side has closed it in good order. */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  /** It broke, or its peer was not heard of any more. */
  | { readonly kind: "broken"; readonly message: string }

/** A connection that could not be made, or was refused. */
export interface NoSocket {
  readonly message: string
  /** True: another try may succeed. */
  readonly mayPass: boolean
}

export interface RealtimeSocket {
  /** Sends a text. `full`: too much waits to be sent; `gone`: the socket is over. */
  readonly send: (text: string) => "sent" | "full" | "gone"
  /** Reads on, or not for now: the other side is slowed down. */
  readonly read: (on: boolean) => void
  readonly over: Effect.Effect<SocketEnd>
}

/** How often a peer is asked whether it is there, ms; one that has not answered by the next time is gone. */
const PING_MS = 15_000
/** How long a peer may take to confirm a close, ms. */
const CLOSE_MS = 2_000
/** Most that may wait to be sent, bytes. */
const SEND_LIMIT = 4 * 1024 * 1024
/** Largest message that is read, bytes. */
const MESSAGE_LIMIT = 16 * 1024 * 1024

const sayingOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Statuses of a refusal that another try may not meet. */
const passes = (status: number): boolean => status === 408 || status === 429 || status >= 500

export interface SocketOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Called with each text, in order. */
  readonly onText: (text: string) => void
  /** Called once, when nothing more comes. */
  readonly onOver: () => void
}

/** Opens one. */
export const openSocket = ({
  headers,
  onOver,
  onText,
  url,
}: SocketOptions): Effect.Effect<RealtimeSocket, NoSocket, Scope.Scope> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<SocketEnd>()
    let broken: string | null = null
    let isHeard = true
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocket(url, { headers, maxPayload: MESSAGE_LIMIT, perMessageDeflate: false })),
      (opened) =>
        Effect.async<void>((resume) => {
          if (opened.readyState === WebSocket.CLOSED) return resume(Effect.void)
          opened.once("close", () => resume(Effect.void))
          opened.close(1000)
        }).pipe(
          // The waiting alone, so that its time can be up: a whole that an interruption could skip would leave the socket open.
          Effect.interruptible,
          Effect.timeoutOption(CLOSE_MS),
          Effect.zipRight(Effect.sync(() => opened.terminate())),
        ),
    )
    // A socket without a listener for its errors ends the process.
    socket.on("error", (error) => {
      broken ??= sayingOf(error)
    })
    socket.on("message", (data) => onText(String(data)))
    socket.on("pong", () => {
      isHeard = true
    })
    socket.on("close", (code, reason) => {
      // 1005 and 1006 are made up by the library, where the peer has sent no code.
      const end: SocketEnd =
        broken === null && code !== 1006
          ? { kind: "closed", code, reason: reason.toString("utf8") }
          : { kind: "broken", message: broken ?? "The connection was cut." }
      Deferred.unsafeDone(over, Effect.succeed(end))
      onOver()
    })
    yield* Effect.async<void, NoSocket>((resume) => {
      socket.once("open", () => resume(Effect.void))
      socket.once("unexpected-response", (request, { statusCode = 0 }) => {
        resume(Effect.fail({ message: `It was refused with status ${statusCode}.`, mayPass: passes(statusCode) }))
        request.destroy()
        socket.terminate()
      })
      socket.once("close", () => resume(Effect.fail({ message: broken ?? "It was closed at once.", mayPass: true })))
    })
    const watch = Effect.gen(function* () {
      for (;;) {
        isHeard = false
        socket.ping()
        yield* Effect.sleep(PING_MS)
        // While it is not read, its answers are not either.
        if (isHeard || socket.isPaused) continue
        broken ??= `The other side has not been heard of for ${PING_MS} ms.`
        socket.terminate()
        return
      }
    })
    yield* Effect.forkScoped(watch)
    return {
      send: (text) => {
        if (socket.readyState !== WebSocket.OPEN) return "gone"
        if (socket.bufferedAmount > SEND_LIMIT) return "full"
        socket.send(text)
        return "sent"
      },
      read: (on) => {
        if (on && socket.isPaused) socket.resume()
        if (!on && !socket.isPaused) socket.pause()
      },
      over: Deferred.await(over),
    }
  })
