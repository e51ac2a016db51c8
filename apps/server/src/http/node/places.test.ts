import { Socket } from "node:net"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makePlaces } from "./places.js"

/** A socket that is connected to nothing and closes when it is destroyed. */
const unconnected = (): Socket => new Socket()

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()))

describe("places", () => {
  it("are given so that no caller without the token keeps out one with it", async () => {
    const step = fc.oneof(
      fc.constant({ do: "come" as const }),
      fc.record({ do: fc.constantFrom("show", "leave"), who: fc.nat(40) }),
    )
    const run = fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 2, max: 8 }),
      async (steps, connections) => {
        const reservedConnections = Math.floor(connections / 2)
        let refused = 0
        const places = makePlaces({ connections, reservedConnections }, () => {
          refused += 1
        })
        const open: Socket[] = []
        const known = new Set<Socket>()
        let destroyedByUs = 0
        for (const step of steps) {
          const socket = step.do === "come" ? unconnected() : open[("who" in step ? step.who : 0) % (open.length || 1)]
          if (socket === undefined) continue
          if (step.do === "come") {
            const before = open.length
            places.take(socket)
            open.push(socket)
            // The newest is refused only where every place is held by callers with the token.
            expect(socket.destroyed).toBe(known.size >= connections)
            expect(before).toBeLessThanOrEqual(connections)
          } else if (step.do === "show") {
            known.add(socket)
            places.known(socket)
          } else {
            destroyedByUs += 1
            socket.destroy()
            await closed(socket)
          }
          expect([...known].filter((one) => one.destroyed && open.includes(one) && step.do !== "leave")).toEqual([])
          for (const gone of open.filter((one) => one.destroyed)) {
            open.splice(open.indexOf(gone), 1)
            known.delete(gone)
          }
          expect(open.length).toBeLessThanOrEqual(connections)
          expect(open.filter((one) => !known.has(one)).length).toBeLessThanOrEqual(
            Math.max(1, connections - reservedConnections),
          )
        }
        const came = steps.filter((one) => one.do === "come").length
        expect(refused + destroyedByUs + open.length).toBe(came)
        for (const socket of open) socket.destroy()
      },
    )
    await fc.assert(run, { numRuns: 200 })
  })
})
