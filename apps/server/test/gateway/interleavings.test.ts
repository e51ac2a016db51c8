/** Whatever models and agents do to each other's connections, and whenever a turn ends: one end per attempt, no item lost or doubled. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import fc from "fast-check"
import { callModel, completedFrame, frame, itemFrame, proxyFixture, sse, upstream } from "./ProxyFixture.js"

interface Plan {
  /** What the model streams. A number: a text of so many characters. */
  readonly frames: readonly ("item" | number)[]
  readonly ending: "completed" | "failed" | "eof" | "reset" | "silence"
  /** Where the bytes are cut into writes. */
  readonly cuts: readonly number[]
  /** How the agent reads: to the end, or up to so many bytes; then it leaves, at once or after it has read nothing for a while. */
  readonly reads: "all" | { readonly upTo: number; readonly blocks: boolean }
  /** After how many writes the turn ends; null: after the call. */
  readonly turnEndsAt: number | null
}

const plans: fc.Arbitrary<Plan> = fc.record({
  frames: fc.array(fc.oneof(fc.constant("item" as const), fc.integer({ min: 1, max: 3_000 })), { maxLength: 8 }),
  ending: fc.constantFrom("completed", "failed", "eof", "reset", "silence"),
  cuts: fc.array(fc.nat(), { maxLength: 8 }),
  reads: fc.oneof(fc.constant("all" as const), fc.record({ upTo: fc.nat({ max: 3_000 }), blocks: fc.boolean() })),
  turnEndsAt: fc.option(fc.nat({ max: 8 })),
})

const failedFrame = frame("response.failed", { response: { error: { message: "no" } } })
const textOf = ({ ending, frames }: Plan): string => {
  let items = 0
  const told = frames.map((one) =>
    one === "item" ? itemFrame(items++) : frame("response.output_text.delta", { delta: "x".repeat(one) }),
  )
  return `${told.join("")}${ending === "completed" ? completedFrame : ending === "failed" ? failedFrame : ""}`
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Writes a plan as a model does. Returns once the model has nothing to say any more. */
const play = async (plan: Plan, response: ServerResponse, written: (count: number) => Promise<void>): Promise<void> => {
  const text = textOf(plan)
  const places = [...new Set(plan.cuts.map((cut) => cut % (text.length + 1)))].sort((one, other) => one - other)
  response.writeHead(200, sse)
  response.flushHeaders()
  for (const [index, end] of [...places, text.length].entries()) {
    if (response.destroyed) return
    response.write(text.slice(index === 0 ? 0 : places[index - 1], end))
    await written(index)
    await turn()
  }
  if (plan.ending === "reset") response.socket?.resetAndDestroy()
  else if (plan.ending !== "silence") response.end()
}

/** Reads an answer as the plan says. The text that came. */
const readAs = ({ ending, reads }: Plan, answer: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    const leave = (): void => void answer.destroy()
    answer.on("error", () => undefined)
    answer.once("close", () => resolve(text))
    const look = (): void => {
      const isEnough = reads !== "all" && text.length >= reads.upTo
      if (!isEnough) return
      answer.pause()
      if (reads.blocks) setTimeout(leave, 20)
      else leave()
    }
    answer.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      look()
    })
    look()
    // A model that falls silent is left in the end, or the call would last for ever.
    if (ending === "silence") setTimeout(leave, 60)
  })

const itemsIn = (text: string): readonly string[] =>
  text
    .split("\n\n")
    .slice(0, -1)
    .flatMap((one) => /"id":"(msg_\d+)"/.exec(one)?.[1] ?? [])

const terminals = new Set(["inference.completed", "inference.failed", "inference.cancelled"])

it.scopedLive(
  "one end per attempt, and no item lost or doubled",
  () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const runtime = yield* Effect.runtime()
      const run = <A>(effect: Effect.Effect<A>): Promise<A> => Effect.runPromise(Effect.provide(effect, runtime))
      let calls = 0
      let turns = 1

      const check = async (plan: Plan): Promise<void> => {
        calls += 1
        const place = calls
        const endTurn = () => run(of.says("turn.completed", { outcome: "completed" }, `t${turns}`))
        const played = new Promise<void>((resolve) =>
          model.next((request, response) => {
            request.resume()
            response.on("error", () => undefined)
            void play(plan, response, async (count) => {
              if (count === plan.turnEndsAt) await endTurn()
            }).then(resolve)
          }),
        )
        const received = await callModel(of.baseUrl).then((answer) => readAs(plan, answer))
        await played
        const events = await run(
          Effect.repeat(
            Effect.map(of.log, (log) => {
              const ofGateway = log.filter(({ channel }) => channel === "gateway")
              const ids = [...new Set(ofGateway.map(({ inferenceId }) => inferenceId))]
              return ofGateway.filter(({ inferenceId }) => inferenceId === ids[place - 1])
            }),
            {
              until: (found) => found.some(({ type }) => terminals.has(type)),
              schedule: Schedule.spaced("5 millis"),
            },
          ).pipe(
            Effect.zipRight(
              Effect.map(of.log, (log) => {
                const ofGateway = log.filter(({ channel }) => channel === "gateway")
                const ids = [...new Set(ofGateway.map(({ inferenceId }) => inferenceId))]
                return ofGateway.filter(({ inferenceId }) => inferenceId === ids[place - 1])
              }),
            ),
          ),
        )
        const ends = events.filter(({ type }) => terminals.has(type))
        expect(ends).toHaveLength(1)
        expect(events[0]?.type).toBe("inference.started")
        expect(events.at(-1)).toBe(ends[0])
        const recorded = events.flatMap(({ payload, type }) =>
          type === "inference.item" && typeof payload === "object" && payload !== null && "key" in payload
            ? [payload.key]
            : [],
        )
        const told = itemsIn(textOf(plan))
        expect(recorded).toEqual(told.slice(0, recorded.length))
        // What the agent has, the log has.
        expect(recorded.length).toBeGreaterThanOrEqual(itemsIn(received).length)
        const stays = plan.reads === "all" && plan.ending !== "silence"
        if (stays && plan.ending !== "reset") {
          expect(recorded).toEqual(told)
          expect(received).toBe(textOf(plan))
          expect(ends[0]?.type).toBe(plan.ending === "completed" ? "inference.completed" : "inference.failed")
        }
        await endTurn()
        const rows = await run(of.attempts)
        expect(rows[place - 1]?.status).not.toBe("running")
        turns += 1
        await run(of.says("turn.started", {}, `t${turns}`))
      }

      yield* Effect.promise(() => fc.assert(fc.asyncProperty(plans, check), { numRuns: 60, endOnFailure: true }))
      expect(yield* of.violations).toEqual([])
    }),
  600_000,
)
