/** Stories that are told again and again, each time in a server that dies at another commit of them. */
import { Effect, Fiber } from "effect"
import { type CrashAt, OrchestratorFixture } from "./OrchestratorFixture.js"

/** What is done in a fixture, from its beginning. */
export type Story = (fixture: OrchestratorFixture) => Effect.Effect<void, unknown>

/** How many submissions a whole story makes. */
export const submissionsOf = (story: Story) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      yield* fixture.open()
      yield* story(fixture)
      return fixture.submissions
    }),
  )

/** A fixture whose server died at a commit of a story; `reached` waits until the story is there. */
export const crashedIn = (
  story: Story,
  crashAt: CrashAt,
  reached: (fixture: OrchestratorFixture) => Effect.Effect<unknown, unknown>,
) =>
  Effect.gen(function* () {
    const fixture = new OrchestratorFixture()
    yield* fixture.open(crashAt)
    const before = yield* Effect.fork(Effect.exit(story(fixture)))
    yield* reached(fixture)
    yield* Fiber.interruptFork(before)
    fixture.crash()
    return fixture
  })
