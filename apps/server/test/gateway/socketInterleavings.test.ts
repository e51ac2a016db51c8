/** Whatever models and agents do to a WebSocket with several calls: one end per attempt, no item lost or doubled. */
import { expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import fc from "fast-check"
import { proxyFixture } from "./ProxyFixture.js"
import { agentSide, create, delta, done, itemDone, type Side, socketModel } from "./SocketFixture.js"

interface Call {
  /** What the model says of it. A number: a text of so many characters. */
  readonly messages: readonly ("item" | number)[]
  readonly ending: "completed" | "failed" | "error"
}

interface Plan {
  /** Calls, one after the other. */
  readonly calls: readonly Call[]
  /** True: the agent asks for all of them at once. */
  readonly atOnce: boolean
  /** What happens to the connection after so many messages of the model; null: it lives to the end, and the agent closes it. */
  readonly breaks: {
    readonly after: number
    readonly by: "agent-close" | "agent-cut" | "model-close" | "model-cut"
  } | null
  /** After how many messages of the model the turn ends. */
  readonly turnEndsAt: number | null
  /** Messages of the model between which nothing else happens. */
  readonly burst: number
}

const plans: fc.Arbitrary<Plan> = fc.record({
  calls: fc.array(
    fc.record({
      messages: fc.array(fc.oneof(fc.constant("item" as const), fc.integer({ min: 1, max: 3_000 })), { maxLength: 5 }),
      ending: fc.constantFrom("completed", "failed", "error"),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  atOnce: fc.boolean(),
  breaks: fc.option(
    fc.record({
      after: fc.nat({ max: 10 }),
      by: fc.constantFrom("agent-close", "agent-cut", "model-close", "model-cut"),
    }),
  ),
  turnEndsAt: fc.option(fc.nat({ max: 8 })),
  burst: fc.integer({ min: 1, max: 6 }),
})

const messagesOf = ({ ending, messages }: Call, place: number): readonly object[] => {
  let items = 0
  const told = messages.map((one) => (one === "item" ? itemDone(items++) : delta("x".repeat(one))))
  const end = {
    completed: done(`r${place}`),
    failed: { type: "response.failed", response: { error: { message: "no" } } },
    error: { type: "error", error: { message: "no" } },
  }[ending]
  return [...told, end]
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const terminals: ReadonlySet<string> = new Set(["inference.completed", "inference.failed", "inference.cancelled"])
const isItem = (message: object): boolean => "type" in message && message.type === "response.output_item.done"

type Size = readonly [items: number, end: string]

const order = ([items, end]: Size, [otherItems, otherEnd]: Size): number =>
  items === otherItems ? (end < otherEnd ? -1 : end === otherEnd ? 0 : 1) : items - otherItems

const sizeOf = (events: readonly { readonly type: string }[]): Size => [
  events.filter(({ type }) => type === "inference.item").length,
  events.find(({ type }) => terminals.has(type))?.type ?? "",
]

it.scopedLive(
  "one end per attempt, and no item lost or doubled",
  () =>
    Effect.gen(function* () {
      const upstream = yield* socketModel()
      const of = yield* proxyFixture(upstream.url)
      const runtime = yield* Effect.runtime()
      const run = <A>(effect: Effect.Effect<A>): Promise<A> => Effect.runPromise(Effect.provide(effect, runtime))
      let connections = 0
      let turns = 1
      let known = 0

      const breakIt = (by: string, agent: Side, model: Side): void => {
        const side = by.startsWith("agent") ? agent : model
        if (by.endsWith("close")) side.socket.close(1000)
        else side.socket.terminate()
      }

      const play = async (plan: Plan, agent: Side, model: Side): Promise<void> => {
        let said = 0
        const look = async (): Promise<boolean> => {
          if (said === plan.turnEndsAt) await run(of.says("turn.completed", { outcome: "completed" }, `t${turns}`))
          if (plan.breaks === null || said !== plan.breaks.after) return false
          breakIt(plan.breaks.by, agent, model)
          return true
        }
        if (plan.atOnce) agent.say(...plan.calls.map(() => create()))
        for (const [place, call] of plan.calls.entries()) {
          if (!plan.atOnce) agent.say(create())
          await model.until(plan.atOnce ? plan.calls.length : place + 1)
          for (const message of messagesOf(call, place)) {
            if (await look()) return
            if (model.closedWith !== null) return
            model.say(message)
            said += 1
            if (said % plan.burst === 0) await turn()
          }
          if (!plan.atOnce) await agent.until(said)
        }
        if (await look()) return
        await agent.until(said)
        agent.socket.close(1000)
      }

      const check = async (plan: Plan): Promise<void> => {
        connections += 1
        const whole = plan.calls.map(messagesOf)
        const { agent, model } = await run(
          Effect.scoped(
            Effect.gen(function* () {
              const { side } = yield* agentSide(of.baseUrl)
              const other = yield* Effect.promise(() => upstream.side(connections))
              yield* Effect.promise(async () => {
                await play(plan, side, other)
                await Promise.all([side.closed, other.closed])
              })
              return { agent: side, model: other }
            }),
          ),
        )
        const asked = model.heard.length
        const attempts = Effect.map(of.log, (log) => {
          const ofGateway = log.filter(({ channel }) => channel === "gateway")
          const ids = [...new Set(ofGateway.map(({ inferenceId }) => inferenceId))].slice(known)
          return ids.map((id) => ofGateway.filter(({ inferenceId }) => inferenceId === id))
        })
        const isEnded = (events: readonly { readonly type: string }[]) => events.some(({ type }) => terminals.has(type))
        const found = await run(
          Effect.repeat(attempts, {
            until: (all) => all.length >= asked && all.every(isEnded),
            schedule: Schedule.spaced("5 millis"),
          }).pipe(Effect.zipRight(attempts)),
        )
        known += found.length
        expect(found).toHaveLength(asked)
        // Requests that are sent at once begin at once: the log has them in any order, each with what its own answer brought.
        const calls = plan.calls.map(({ ending }, place) => ({
          told: (whole[place] ?? []).filter(isItem).map((_, index) => `msg_${index}`),
          end: ending === "completed" ? "inference.completed" : "inference.failed",
        }))
        if (plan.atOnce) {
          calls.sort((a, b) => order([b.told.length, b.end], [a.told.length, a.end]))
          found.sort((a, b) => order(sizeOf(b), sizeOf(a)))
        }
        for (const [place, events] of found.entries()) {
          const ends = events.filter(({ type }) => terminals.has(type))
          expect(ends).toHaveLength(1)
          expect(events[0]?.type).toBe("inference.started")
          expect(events.at(-1)).toBe(ends[0])
          const keys = events.flatMap(({ payload, type }) =>
            type === "inference.item" && typeof payload === "object" && payload !== null && "key" in payload
              ? [payload.key]
              : [],
          )
          const { end, told } = calls[place] ?? { end: "inference.failed", told: [] }
          expect(keys).toEqual(told.slice(0, keys.length))
          if (plan.breaks !== null) continue
          expect(keys).toEqual(told)
          expect(ends[0]?.type).toBe(end)
        }
        // What the agent has, it has in order, and the log has its items.
        const all = whole.flat().map((one) => JSON.stringify(one))
        expect(agent.heard).toEqual(all.slice(0, agent.heard.length))
        if (plan.breaks === null) expect(agent.heard).toHaveLength(all.length)
        const recorded = found.flat().filter(({ type }) => type === "inference.item").length
        expect(recorded).toBeGreaterThanOrEqual(whole.flat().slice(0, agent.heard.length).filter(isItem).length)
        await run(of.says("turn.completed", { outcome: "completed" }, `t${turns}`))
        turns += 1
        await run(of.says("turn.started", {}, `t${turns}`))
      }

      yield* Effect.promise(() => fc.assert(fc.asyncProperty(plans, check), { numRuns: 25, endOnFailure: true }))
      expect((yield* of.attempts).filter(({ status }) => status === "running")).toEqual([])
      expect(yield* of.violations).toEqual([])
    }),
  600_000,
)
