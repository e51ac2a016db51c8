/**
 * Which callers hold the server's connections. A caller is unknown until it has shown the token; unknown ones get a part of the
 * places only, and the oldest of them loses its own to the next that comes. A caller that shows its token at
 * once is kept out by no number of silent connections.
 */
import type { Socket } from "node:net"

export interface PlaceLimits {
  /** Connections open at a time. */
  readonly connections: number
  /** How many of them only callers with the token may hold. */
  readonly reservedConnections: number
}

export interface Places {
  /** Takes a new connection. What must give way to it, or it itself, is destroyed. */
  readonly take: (socket: Socket) => void
  /** The caller has shown the token: the connection is kept. */
  readonly known: (socket: Socket) => void
}

/** @param refused counts a connection that was closed for lack of a place */
export const makePlaces = ({ connections, reservedConnections }: PlaceLimits, refused: () => void): Places => {
  // In order of arrival. Two sets, so that the oldest is found at once.
  const unknown = new Set<Socket>()
  const known = new Set<Socket>()
  const mostUnknown = Math.max(1, connections - reservedConnections)

  const refuse = (socket: Socket): void => {
    unknown.delete(socket)
    refused()
    socket.destroy()
  }

  return {
    take: (socket) => {
      socket.once("close", () => {
        unknown.delete(socket)
        known.delete(socket)
      })
      const isFull = unknown.size >= mostUnknown || unknown.size + known.size >= connections
      if (isFull) {
        const [oldest] = unknown
        // All places are held by callers with the token.
        if (oldest === undefined) return refuse(socket)
        refuse(oldest)
      }
      unknown.add(socket)
    },
    known: (socket) => {
      if (unknown.delete(socket)) known.add(socket)
    },
  }
}
