/** Stories that are told again and again, each time in a server that dies at another commit of them. */
import { Effect, Fiber } from "effect"
import { type CrashAt, House } from "./House.js"

/** What is done in a house, from its beginning. */
export type Story = (house: House) => Effect.Effect<void, unknown>

/** How many submissions a whole story makes. */
export const submissionsOf = (story: Story) =>
  Effect.scoped(
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* story(house)
      return house.submissions
    }),
  )

/** A house whose server died at a commit of a story; `reached` waits until the story is there. */
export const crashedIn = (story: Story, crashAt: CrashAt, reached: (house: House) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const house = new House()
    yield* house.open(crashAt)
    const before = yield* Effect.fork(Effect.exit(story(house)))
    yield* reached(house)
    yield* Fiber.interruptFork(before)
    house.crash()
    return house
  })
