/** An answer that is whole has to be read in time: else its connection is held for as long as the caller likes. */
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** The answer that a socket is being emptied of. */
const emptying = new WeakMap<Socket, ServerResponse>()

/**
 * From the end of an answer on, its socket may go without any progress for so long; then Node destroys it. Answers to calls
 * that were sent ahead get the socket when those before them are out.
 */
export const mustBeRead = (response: ServerResponse, limitMs: number): void => {
  const watch = (socket: Socket): void => {
    if (response.writableFinished) return
    emptying.set(socket, response)
    socket.setTimeout(limitMs)
    response.once("finish", () => {
      // The next answer may have the socket already. Where there is none, Node has set its limit for an idle connection.
      if (emptying.get(socket) !== response) return
      emptying.delete(socket)
      if (socket.timeout === limitMs) socket.setTimeout(0)
    })
  }
  response.once("prefinish", () => {
    if (response.socket === null) response.once("socket", watch)
    else watch(response.socket)
  })
}
